//! Slips of the pen and words of chat, each with the word that is meant; and words that are no slip although one letter
//! more or less would make a word of the table of them.

/// `said>meant`. Short words only, or ones that are more than a letter off: the rest is found by comparing.
#[rustfmt::skip]
pub(super) const SLIPS: &str = "\
    w>with liste>list listt>list explane>explain expalin>explain explian>explain uess>uses quik>quick qick>quick quck>quick waht>what whta>what wht>what wat>what wut>what hwat>what wot>what wich>which whcih>which whihc>which whitch>which \
    wihch>which whic>which hwich>which wher>where whre>where wehre>where wheres>where hwere>where whn>when wen>when \
    hwo>how hw>how howe>how mnay>many mayn>many manny>many mani>many meny>many shwo>show sohw>show hsow>show \
    shw>show lsit>list lits>list lisst>list giv>give gve>give teh>the hte>the thr>the th>the adn>and nad>and \
    ar>are aer>are si>is iz>is ot>to fo>of ro>or nto>not don>dont doent>doesnt dosnt>doesnt dosent>doesnt \
    wiht>with wtih>with wit>with withuot>without witout>without w/o>without w/out>without w/>with frm>from \
    form>from fron>from sicne>since scince>since snice>since yuo>you yu>you u>you ya>you ur>your r>are n>and \
    smth>something sth>something smthing>something anythng>anything b4>before bfore>before tmrw>tomorrow \
    tmr>tomorrow tommorow>tomorrow tommorrow>tomorrow yday>yesterday yest>yesterday yesterdy>yesterday \
    2day>today tday>today thru>through coz>because cuz>because bc>because prio>priority prios>priorities \
    sev>severity crits>criticals meds>mediums med>medium ther>there thier>their becuase>because frist>first \
    fisrt>first firts>first urgnt>urgent critcal>critical fxi>fix fx>fix fixs>fixes fxes>fixes deu>due du>due \
    expsoed>exposed opne>open oepn>open opn>open cahnged>changed chnaged>changed whos>who woh>who hwos>who \
    runs>runs rnus>runs runnig>running runing>running usng>using usign>using uses>uses nwe>new nw>new \
    vln>vuln vlun>vuln vulns>vulns vunls>vulns vlns>vulns ns>namespace nspace>namespace nmspc>namespace \
    deps>dependencies pkg>package pkgs>packages img>image imgs>images svc>service svcs>services deploy>deploy \
    wl>workload wls>workloads acc>account acct>account wk>week wks>weeks mths>months \
    hrs>hours hr>hour mins>minutes secrts>secrets scret>secret secert>secret secerts>secrets pathes>paths \
    patsh>paths pahts>paths ptah>path psth>path blidn>blind blnid>blind bilnd>blind unkown>unknown \
    unkonwn>unknown unknwon>unknown decison>decision desicion>decision desision>decision desicions>decisions \
    dicisions>decisions exeptions>exceptions exeption>exception vulnerabilites>vulnerabilities \
    vulnerabilties>vulnerabilities vulnerabilitys>vulnerabilities vunerabilities>vulnerabilities \
    vunerability>vulnerability vulnarability>vulnerability vulnarabilities>vulnerabilities \
    vulnerablities>vulnerabilities vulnerablity>vulnerability vulerabilities>vulnerabilities \
    vulnerabilitiez>vulnerabilities vulnrabilities>vulnerabilities vulnerable>vulnerable sombody>somebody \
    becomming>becoming happend>happened hapened>happened hapend>happened happned>happened wierd>weird \
    pasword>password passwrd>password passowrd>password psswd>password paswords>passwords delte>delete \
    dlete>delete delet>delete deleet>delete restrat>restart restrt>restart rstart>restart pach>patch ptach>patch \
    pls>please plz>please pleas>please plese>please pelase>please gimmie>gimme lemme>show shwoing>showing";

/// The commonest short words: a slip in one of these is mended although it is short.
#[rustfmt::skip]
pub(super) const CORE: &str = "\
    many much show list what when where which with does have from that this those these they were your last week next \
    month high fixed first find there most than worst about since until today under count paths path order only just open";

/// Words that are right as they are.
#[rustfmt::skip]
pub(super) const RIGHT: &str = "\
    hat shot snow slow lint wish lost cost fast past mist miss math match then thin them than they the tent text nest nets \
    wear weak wreck wide wife wall walk warm sort soap shop ship list lift like live line fist form foam farm firm from mark mask mast must most \
    post host dose dies dock duck day hay haven hive hike hide hang hand hard hate hats thus thug that onto omit oven overt path bath math \
    pats part park pack page pain paid pair palm pass past port pool pots east wee weed wind wine wing wire wise wood word work \
    three thought others heard county court white leading alone completed market markets writing senior master owned \
    staff scored paper papers manage manager managers chance chances larger closer store stores charge charges leave leaves \
    build builds built note notes teams sports style black master board boards cards card court legal house \
    received couldn doesn wouldn haven shouldn lives lived drive drives stars empire fellow nearby broke mayor \
    simple simply throat males shirt singles tears driver drivers thank thanks teeth scale bought concert thick \
    faced theme relief sport orders order figures grace clean clear prevent waited chose choke cheek banks \
    decades woods leads lead moments persons person courts smell ruled productions kings signed pages fifty \
    shoot begun alice movies stage stages forth audio movement movements flesh wanting limit limits shell masters \
    waves shoes shopping smart dated couple colors colour color apple flows statue vessel wound admit pants \
    pitch stable grave remote staying think thinks expert experts paint bench descent witch inter links finish \
    defending defend resort lover tales mines shots ships shops treat saving pleased taxes likes ruler tough \
    bread trend trends dancer clouds cloud chuck skill skills hopes seeds server servers rally relaxed curse \
    receiver chairs stake sixty posts worlds guide bitter sometime display speaks cannon fever precious \
    shorts flags minds retain maker rolls marsh scope bonds brands reads accent upgraded poets surface lease \
    reward react roses stiff caves claws dagger lanes loser seventy sings curtain rulers prints lock locks \
    shout recent carriers spells boring pitch mitch butter meals spear detention choked blend scare torch \
    slate rouge cries pearson trends whale tiles times tapes sands stall sneak melting cable fable table \
    replies strands flats reach relate spill garde retains planting quote quotes stool grape currents theresa \
    spans opens locking lacking moths daring majors folks folk curry waiter comet oversight tuned ranged lever \
    level loops neatly handle handles thorough opener mourning worms wonders clans masked openings exits coming \
    mornings greet licking lively slips respects linen coding kinda tents clashes robes slowing apples literal \
    wasting messed swell minors testing staple inside insides weeds claus teach beach coach peach reach deep \
    risky prefers insert receivers routed split splits slots evolve fuels coarse caller guide typed endings \
    steak bleak misses missed missing timed cakes looming usable expects insider cores carts tackled stats \
    skipping ticket tickets stick discuss cages lister crate create routes ruining excerpt handler hacked \
    clears overtook leaps chases words world works class close cause causes found sound round pound mound \
    loved lives looks books cooks hooks locks cross stock shock block frock state stated brought though tough \
    stored executive percentage string salary vendor vendors budget invoice lunch dinner break breakfast heart poem movie music game games phone \
    laptop network networks train plane photo photos paper house money price prices costs coast toast roast";

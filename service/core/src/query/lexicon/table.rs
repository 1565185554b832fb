//! The table of words and phrases. `a|b` stands for either word, `a?` for a word that may be missing; of two rows with
//! equal words the first counts.

use Means::{Affects, All, Cue, Cut, Each, Filler, Group, Kind, Noun, Nth, Path, Right, Runs, Set, Topic, Weak};
use QueryKind as K;
use Setting as S;
use Tri::{No, Yes};

use super::super::filters::NameKind;
use super::super::{Change, GroupBy, Impact, Order, QueryKind, Tri};
use super::{Ask, Means, Prep, Setting};
use crate::assess::Attacked;
use crate::finding::FindingClass;
use crate::observation::{Environment, Severity, VexStatus};

/// Words that say nothing: articles, politeness, what stands around a question.
#[rustfmt::skip]
pub(super) const PLAIN: &str = "\
    backdoor if whether with via through all any the a an my our your their its this these that i we you me \
    us he she be been being was were will please pls plz just currently still right now ok okay so hey hi \
    well also as there here then too up out got did done having get gets getting it his her most more some \
    few lot lots many much such high-level full whole entire open active existing known real actual actually \
    really very quite bad nasty possible potential total clear kind kinds sort sorts way even ever yet \
    already only cluster clusters system systems kubernetes k8s environment-wide cluster-wide anywhere \
    everywhere somewhere elsewhere else want need needs like love know see check checking look looking looks \
    asking asks ask wondering wonder tell say says said think ought should must could would might may can \
    shall let lets paged pager boss ciso team asap urgently 3am left end ended single base reports date data \
    info information list overview status summary state had does comes come coming goes go going makes make \
    made keeps put puts takes take taken took stand stands stood sit sits sitting rank ranked listen \
    listening listens opens opening one next last previous current recent recently lately latest upcoming \
    immediately best biggest greatest highest largest lowest nicest easiest main major minor overall general \
    certain specific particular related relevant interesting concrete different same other another own \
    recorded record records registered noted told given shown matching match matches exist exists present \
    apply applies applied involving regard attacker attackers adversary hacker hackers intruder outsider \
    people person guys operator user users low-level hanging high-risk dangerous danger severe serious scary \
    ugly juicy important = & + around again perhaps possibly basically simply honestly btw fyi hmm uh about \
    mind curious interested folks colleague colleagues manager auditor auditors audit meeting standup board \
    customer customers became become becomes stay stays remain remains appear appears feel feels seem seems \
    work works worked shouldnt wouldnt couldnt wont theres im ive weve theyre youre ours yours mine theirs \
    behind beside besides off away back forward together apart almost nearly enough rather instead anyway \
    however therefore although though unless because while whereas despite toward along among beyond wide \
    allowed able unable likely unlikely sure glad sorry worth ready finally eventually originally initially \
    apparently obviously clearly mostly mainly usually often sometimes always rarely part parts piece pieces \
    side case cases point points fact facts question questions answer answers idea ideas word words name \
    names line lines page screen example examples try trying tried start begin began keep kept hold call \
    called bring brought leave leaving follow mean means meant care cares plan planning expect hope wish \
    prefer thinking understand learn hear speak talk discuss mention mentioned evidence proof displayed \
    included spot spots figure fully partly entirely merely truly seriously properly correct true false big \
    small large huge tiny long short old young great fine nice decent ideal happy everybody everyone nobody \
    nothing group groups set sets bunch couple handful bit little fewer several various multiple ops devops \
    sre secops soc engineer engineers developer developers admin admins owner owners responsible regarding \
    respect terms view views floating lying lurking waiting pending outstanding remaining leftover ongoing \
    across snapshot lookup kindly literally roughly approximately soonest earliest concerning assuming \
    suppose supposing saying id ids level levels grade grades rating ratings color colour \
    thx thanks thank lol haha bro dude mate buddy rn tho yall wanna gotta kinda imo tbh wtf omg damn hell heck sir \
    dear hello formally officially technically cheers curiously enumerate failing fails others thought \
    curious chance chances reminder remind remember forgot keeps promise promised hows fine cool wow yes yep yeah \
    nope no-one noone thats whatever cant-think sake love hate tired busy hurry rush quick-look soonish anyways meanwhile \
    altogether every-day daily weekly nightly hourly bridge headline figures slide slides deck business company estate organisation organization client clients partner partners finance legal named located sitting living residing whichever after picture story unresolved unsolved unaddressed unmitigated morning afternoon evening tonight situation flagged listed runtime presently respective corresponding aforementioned nowadays";

/// Words and phrases with what they mean.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, Means)] = &[
    // What comes first.
    ("fix|patch|do|handle|tackle|remediate|address|look first", Kind(K::Top)), ("what|which to? first", Kind(K::Top)),
    ("what should i|we fix|patch|do", Kind(K::Top)), ("what to fix|patch|do", Kind(K::Top)),
    ("what do i|we do|fix|patch", Kind(K::Top)), ("what do i|we have|need to do", Kind(K::Top)),
    ("what now", Kind(K::Top)), ("on fire", Kind(K::Top)), ("burning", Kind(K::Top)),
    ("most urgent|important|pressing|dangerous|severe|critical|serious", Kind(K::Top)),
    ("most urgently", Kind(K::Top)), ("matter|matters most", Kind(K::Top)), ("worst", Kind(K::Top)),
    ("top", Kind(K::Top)), ("urgent", Weak(K::Top)), ("high|highest|higher priority|priorities", Kind(K::Top)),
    ("priority|priorities|prioritise|prioritize", Kind(K::Top)),
    ("biggest|greatest risk|risks|threat|threats|problem|problems", Kind(K::Top)),
    ("before anything|everything else", Kind(K::Top)), ("deal with", Weak(K::Top)), ("do i|we start", Kind(K::Top)),
    ("to start", Kind(K::Top)), ("start with", Kind(K::Top)), ("attention", Kind(K::Top)),
    ("rank|triage|prioritise|prioritize the? risks|risk|findings|everything", Kind(K::Top)), ("one thing", Means::Single),
    ("drop everything", Kind(K::Top)), ("most pressing", Kind(K::Top)), ("cant wait", Kind(K::Top)), ("biggest", Weak(K::Top)),
    // One finding.
    ("why", Kind(K::Why)), ("how come", Kind(K::Why)), ("explain|elaborate", Kind(K::Why)),
    ("explanation|reason|reasons for|of|why?", Kind(K::Why)), ("tell me more? about", Kind(K::Why)),
    ("more about|on", Kind(K::Why)), ("detail|details for|on|of|about", Kind(K::Why)), ("details", Kind(K::Why)),
    ("what makes", Kind(K::Why)), ("elaborate on", Kind(K::Why)),
    ("walk|talk|take|run|guide me|us through", Kind(K::Why)), ("break|spell down|out why", Kind(K::Why)),
    ("justify|rationale", Kind(K::Why)), ("what drives|led", Kind(K::Why)),
    ("behind finding|number", Kind(K::Why)), ("evidence for|behind", Kind(K::Why)), ("go into", Kind(K::Why)), ("because of what", Kind(K::Why)),
    // How many.
    ("how many|much", Kind(K::Count)), ("howmany", Kind(K::Count)), ("count|counts of?", Kind(K::Count)),
    ("number of", Kind(K::Count)), ("numbers", Kind(K::Count)), ("total|totals", Kind(K::Count)),
    ("breakdown|split|tally|distribution", Means::Breakdown),
    ("break it|them|that|this|those? down", Means::Breakdown),
    // What moved.
    ("changed|changes|change", Kind(K::Changed)), ("diff|difference|differences|different|delta", Kind(K::Changed)),
    ("moved|moves|movement", Kind(K::Changed)), ("happen|happened|happening", Kind(K::Changed)),
    ("any|some news", Kind(K::Changed)), ("news from|since|in|on|about", Kind(K::Changed)),
    ("new|newly|appeared", Set(S::Change(Change::New))),
    ("came|come|back again? back|again", Set(S::Change(Change::Reopened))),
    ("reopened|regressed|regressions", Set(S::Change(Change::Reopened))),
    ("worse|worsened|escalated", Set(S::Change(Change::Worse))),
    ("more urgent|critical|serious", Set(S::Change(Change::Worse))), ("moved up", Set(S::Change(Change::Worse))),
    ("better|improve|improved|improvement|improvements", Set(S::Change(Change::Better))),
    ("less urgent", Set(S::Change(Change::Better))), ("moved down", Set(S::Change(Change::Better))),
    ("resolved|fixed|closed|gone|disappeared|solved|remediated", Set(S::Resolved)), ("went away", Set(S::Resolved)),
    ("been patched", Set(S::Resolved)), ("got patched", Set(S::Resolved)),
    ("did|have|do i|we miss|missed", Kind(K::Changed)), ("been going on", Kind(K::Changed)),
    ("is|was going on", Kind(K::Changed)), ("close|resolve|solve", Set(S::Resolved)),
    ("since i|we left|slept", Kind(K::Changed)), ("evolved|evolution|trend", Kind(K::Changed)),
    ("became|turned", Kind(K::Changed)),
    // Does it concern us.
    ("affect|affects|affecting|affected", Affects), ("vulnerable|susceptible to?", Affects),
    ("hit|hits|hitting by?", Affects), ("impacted|impacts|impacting by?", Affects),
    ("concern|concerns|concerning|touch|touches us|me|anything", Affects),
    ("a? problem|issue|concern for|here us?", Affects), ("impact of", Affects), ("suffer|suffers from", Affects),
    ("log4shell", Means::Cve("CVE-2021-44228")), ("spring4shell", Means::Cve("CVE-2022-22965")),
    ("text4shell", Means::Cve("CVE-2022-42889")), ("heartbleed", Means::Cve("CVE-2014-0160")),
    ("shellshock", Means::Cve("CVE-2014-6271")), ("xz backdoor", Means::Cve("CVE-2024-3094")),
    ("dirty pipe", Means::Cve("CVE-2022-0847")), ("dirty cow", Means::Cve("CVE-2016-5195")),
    ("looney tunables", Means::Cve("CVE-2023-4911")), ("regresshion", Means::Cve("CVE-2024-6387")),
    ("baron samedit", Means::Cve("CVE-2021-3156")), ("leaky vessels", Means::Cve("CVE-2024-21626")),
    ("pwnkit", Means::Cve("CVE-2021-4034")),
    ("show|shows|showing|turn|turns up", Affects), ("find|found anywhere", Affects), 
    // Who runs it.
    ("run|runs|running", Runs), ("use|uses|using|used", Runs),
    ("ship|ships|shipping|bundles|include|includes|contain|contains|containing|carry|carries", Means::Has),
    ("depend|depends|depending|relies on", Means::Has), ("deployed|installed", Means::Has), ("has|have", Means::Has),
    ("built from|on", Means::Has),
    // Ways in.
    ("attack path|paths", Path), ("path|paths", Path), ("route|routes", Path), ("way|ways in|into", Path),
    ("ways", Path), ("way from|to", Path), ("reach|reaches|reaching", Path), ("get|gets|getting to|into|from", Path),
    ("get access to", Path), ("internet into", Path), ("lateral movement", Path),
    ("outside|internet|somebody|someone|attacker get|gets in", Path), ("entry point|points", Path),
    ("entrypoint|entrypoints|entry-points|entry-point", Path), ("attack surface", Path), ("kill chain|chains", Path),
    ("pivot", Path), ("choke|choking point|points", Kind(K::ChokePoints)),
    ("chokepoint|chokepoints|choke-points|choke-point|bottleneck|bottlenecks", Kind(K::ChokePoints)),
    ("cut|cuts|break|breaks|kill|kills|sever|severs|remove|removes|block|blocks", Cut),
    // Fixes.
    ("fixes", Kind(K::Fixes)), ("fix|patch|upgrade|update|bump for|of", Kind(K::Fixes)),
    ("how do|can|to|would|should i|we? fix|patch|remediate|mitigate|solve", Kind(K::Fixes)),
    ("what fixes", Kind(K::Fixes)), ("remediation|remediations|mitigation|mitigations for?", Kind(K::Fixes)),
    ("quick|easy win|wins", Kind(K::Fixes)), ("bang for the? buck", Kind(K::Fixes)),
    ("biggest win|wins", Kind(K::Fixes)), ("low hanging fruit|fruits", Kind(K::Fixes)),
    ("low-hanging fruit|fruits", Kind(K::Fixes)), ("upgrade|upgrades|update|updates|patches|bump", Weak(K::Fixes)),
    ("close|closes|closing the? most", Kind(K::Fixes)), ("helps|help most", Kind(K::Fixes)),
    ("to? get rid of", Kind(K::Fixes)), ("most effective", Kind(K::Fixes)),
    ("gives|brings|gets us|me? the? most", Kind(K::Fixes)), ("most impact|effect", Kind(K::Fixes)),
    // Deadlines.
    ("due|deadline|deadlines", Kind(K::Due)), ("must be done|fixed|patched", Kind(K::Due)),
    ("how long|much time? do|have we|i have?", Kind(K::Due)), ("time left", Kind(K::Due)), ("by when", Kind(K::Due)),
    ("until when", Kind(K::Due)), ("when must|should|do", Kind(K::Due)), ("before when", Kind(K::Due)),
    ("how soon", Kind(K::Due)), ("sla|slas", Kind(K::Due)), ("overdue|late", Set(S::Overdue(Yes))),
    ("past due", Set(S::Overdue(Yes))),
    ("past|missed|over|blew|exceeded the|their|its|our? deadline|deadlines|due", Set(S::Overdue(Yes))),
    ("have|need to finish|complete", Kind(K::Due)), ("have|need to be fixed|done", Kind(K::Due)), ("needs|need to be fixed|done|finished|patched", Kind(K::Due)),
    // What people concluded.
    ("decision|decisions|exception|exceptions|waiver", Kind(K::Decisions)),
    ("waivers|exemption|exemptions|acceptance|acceptances|vex", Kind(K::Decisions)),
    ("accept|accepted|accepts|decide|decided", Kind(K::Decisions)),
    ("decides|waived|suppressed|ignored|muted|dismissed", Kind(K::Decisions)),
    ("accepted risk|risks", Kind(K::Decisions)), ("risk acceptance|acceptances", Kind(K::Decisions)),
    ("undecided", Set(S::Decision(No))), ("with? a? decision", Kind(K::Decisions)),
    ("no|without|have any? decision|decisions yet?", Set(S::Decision(No))),
    ("false positive|positives", Set(S::Status(VexStatus::NotAffected))),
    ("false-positive|false-positives", Set(S::Status(VexStatus::NotAffected))),
    ("not_affected|not-affected", Set(S::Status(VexStatus::NotAffected))),
    ("not affected decision|decisions", Set(S::Status(VexStatus::NotAffected))),
    ("mark|marked as? not affected", Set(S::Status(VexStatus::NotAffected))),
    ("under investigation", Set(S::Status(VexStatus::UnderInvestigation))),
    ("under_investigation", Set(S::Status(VexStatus::UnderInvestigation))),
    ("being investigated", Set(S::Status(VexStatus::UnderInvestigation))), ("expired", Set(S::Expired(Yes))),
    ("expire|expires|expiring|lapse|lapses|ends|ending", Means::Expires), ("run|runs|running out", Means::Expires),
    ("inert", Set(S::Inert(Yes))), ("no longer cover|covers|apply|applies anything?", Set(S::Inert(Yes))),
    ("cover|covers nothing", Set(S::Inert(Yes))),
    ("end", Means::Ends), ("wave|waved|sign|signed|signs off|through", Kind(K::Decisions)), ("tolerate|tolerated|tolerating", Kind(K::Decisions)),
    // Who looked, and what is not seen.
    ("coverage|covered", Kind(K::Coverage)), ("sensor|sensors|agent|agents", Kind(K::Coverage)),
    ("last|latest report|reported|scan|scanned|heard|update|updated of?", Kind(K::Coverage)),
    ("never|not|been scanned yet?", Kind(K::Coverage)), ("unscanned", Kind(K::Coverage)),
    ("scanned", Kind(K::Coverage)), ("still reporting|alive|working", Kind(K::Coverage)),
    ("monitored|watched|observed|instrumented", Kind(K::Coverage)), ("scan|scans", Weak(K::Coverage)),
    ("scanning|looking at", Kind(K::Coverage)), ("heartbeat|heartbeats", Kind(K::Coverage)),
    ("up to date", Kind(K::Coverage)), ("how old|fresh|current|recent are?", Kind(K::Coverage)),
    ("fresh|freshness|current|recent is|are", Kind(K::Coverage)),
    ("how old|fresh|current|recent|up-to-date is|are", Kind(K::Coverage)),
    ("kev|epss|intel|cve feed|feeds|catalogue|catalog", Kind(K::Coverage)), ("feed|feeds", Kind(K::Coverage)),
    ("stopped reporting", Set(S::Stale(Yes))), ("gone silent|quiet|dark", Set(S::Stale(Yes))),
    ("went silent|quiet|dark", Set(S::Stale(Yes))), ("silent", Set(S::Stale(Yes))),
    ("stale|outdated", Set(S::Stale(Yes))), ("blind spot|spots", Kind(K::Blind)),
    ("blind|blindspots|blindspot|gaps|gap|unknowns", Kind(K::Blind)),
    ("dont|cant|cannot you|we see|know|tell|look|reach|observe|watch", Kind(K::Blind)), ("do|can you|we not see|know|tell", Kind(K::Blind)),
    ("you|we cant|cannot|dont see|know|tell", Kind(K::Blind)), ("you|we do|can not see|know|tell", Kind(K::Blind)),
    ("are you|we missing", Kind(K::Blind)), ("you|we miss", Kind(K::Blind)), ("cant|cannot be? seen", Kind(K::Blind)),
    ("unseen", Kind(K::Blind)), ("you be wrong", Kind(K::Blind)), ("you|we overlook|overlooking", Kind(K::Blind)),
    ("not visible|looked", Kind(K::Blind)), ("limits of", Kind(K::Blind)), ("dont|doesnt know about", Kind(K::Blind)),
    ("everywhere covered", Kind(K::Coverage)), ("last|latest|lately scanned|seen|checked|looked", Kind(K::Coverage)),
    ("fresh|recent|current|new data|reports", Kind(K::Coverage)),
    // Exposure, traffic, use.
    ("exposed to the? internet|outside|world|public", Set(S::Exposed(Yes))), ("exposed to", Affects),
    ("exposed|public|publicly", Set(S::Exposed(Yes))), ("unexposed|internal|unreachable", Set(S::Exposed(No))),
    ("internet facing|exposed|reachable|accessible", Set(S::Exposed(Yes))),
    ("internet-facing|internet-exposed|internet-reachable", Set(S::Exposed(Yes))),
    ("internet-accessible|externally-facing|public-facing", Set(S::Exposed(Yes))),
    ("facing|face|faces the? internet|outside|public", Set(S::Exposed(Yes))),
    ("reached|reachable|accessible|visible from? the? internet|outside", Set(S::Exposed(Yes))),
    ("reachable|reached|accessible", Set(S::Exposed(Yes))),
    ("open to the? internet|outside|world", Set(S::Exposed(Yes))),
    ("might|may|could|possibly|maybe be? exposed", Set(S::Exposed(Tri::Unknown))),
    ("exposure", Topic(S::Exposed(Yes))), ("traffic", Set(S::Traffic(Yes))),
    ("gets|receiving|receives|getting traffic", Set(S::Traffic(Yes))), ("in use", Set(S::InUse(Yes))),
    ("in-use", Set(S::InUse(Yes))), ("loaded|mapped|executed|executing", Set(S::InUse(Yes))),
    ("unused", Set(S::InUse(No))), ("usage", Topic(S::InUse(Yes))),
    ("actually|really|currently running|used|loaded", Set(S::InUse(Yes))),
    ("the? package|library|lib is used", Topic(S::InUse(Yes))), ("is used", Topic(S::InUse(Yes))),
    ("running code", Set(S::InUse(Yes))), ("unknown|unclear", Means::Unknown),
    ("dont|not know|known|sure if|whether?", Means::Unknown), ("we dont know if|whether?", Means::Unknown),
    // What is published.
    ("kev|kevs", Set(S::Kev(Yes))), ("known exploited", Set(S::Kev(Yes))),
    ("exploited in the wild", Set(S::Kev(Yes))), ("actively exploited", Set(S::Kev(Yes))),
    ("exploited", Set(S::Kev(Yes))), ("known-exploited", Set(S::Kev(Yes))),
    ("in|on cisas? catalogue|catalog|list", Set(S::Kev(Yes))),
    ("automatable|automated|wormable", Set(S::Automatable(Yes))), ("total impact", Set(S::Impact(Impact::Total))),
    ("partial impact", Set(S::Impact(Impact::Partial))), ("conditions met", Set(S::Conditions(Yes))),
    ("conditions are met", Set(S::Conditions(Yes))), ("exploitable", Set(S::Conditions(Yes))),
    ("fix", Set(S::Fix(Yes))), ("fix|patch available|exists", Set(S::Fix(Yes))),
    ("fixable|patchable", Set(S::Fix(Yes))), ("unfixed|unpatched|unfixable", Set(S::Fix(No))),
    ("have|has|with|having a? fix|patch", Set(S::Fix(Yes))), ("can be fixed|patched", Set(S::Fix(Yes))),
    ("patch", Set(S::Fix(Yes))), ("a patch exists", Set(S::Fix(Yes))), ("cvss|score", Means::Cvss),
    ("epss|percentile", Means::Epss),
    ("impact", Topic(S::Impact(Impact::Total))),
    // Attacks.
    ("under attack", Set(S::Attacked(&[Attacked::Attempt, Attacked::Foothold]))),
    ("attacked|attacks|attack", Set(S::Attacked(&[Attacked::Attempt, Attacked::Foothold]))),
    ("foothold|footholds", Set(S::Attacked(&[Attacked::Foothold]))),
    ("compromised|breached|popped", Set(S::Attacked(&[Attacked::Foothold]))),
    ("attempt|attempts|attempted", Set(S::Attacked(&[Attacked::Attempt]))),
    // Places and words of sources.
    ("production|prod|prd", Set(S::Environment(Environment::Production))),
    ("test|testing|staging|stage|qa|uat", Set(S::Environment(Environment::Test))),
    ("sandbox|dev|development|playground", Set(S::Environment(Environment::Sandbox))),
    ("critical|criticals|crit|crits", Set(S::Severity(Severity::Critical))),
    ("high|highs", Set(S::Severity(Severity::High))), ("medium|mediums|moderate", Set(S::Severity(Severity::Medium))),
    ("lows|low", Set(S::Severity(Severity::Low))), ("or|and worse|above|higher|up", Means::OrWorse),
    // Classes.
    ("vulnerability|vulnerabilities|vuln|vulns|cve|cves|flaw|flaws", Set(S::Class(FindingClass::Vulnerability))),
    ("misconfiguration issue|issues|problem|problems?", Set(S::Class(FindingClass::Misconfiguration))),
    ("misconfigurations|misconfig issue|issues|problem|problems?", Set(S::Class(FindingClass::Misconfiguration))),
    ("misconfigs|misconfigured issue|issues|problem|problems?", Set(S::Class(FindingClass::Misconfiguration))),
    ("configuration|config issue|issues|problem|problems?", Set(S::Class(FindingClass::Misconfiguration))),
    ("cis? benchmark|benchmarks|cis failure|failures|check|checks?", Set(S::Class(FindingClass::Benchmark))),
    ("benchmark|benchmarks|cis", Set(S::Class(FindingClass::Benchmark))),
    ("secrets", Set(S::Class(FindingClass::Secret))),
    ("leaked|exposed|open secret|secrets|credential|credentials|password", Set(S::Class(FindingClass::Secret))),
    ("hardcoded|plaintext|plain-text secret|secrets", Set(S::Class(FindingClass::Secret))),
    ("hardcoded|plaintext|plain-text credential|credentials|password", Set(S::Class(FindingClass::Secret))),
    ("leaked|exposed|open passwords|key|keys|token|tokens", Set(S::Class(FindingClass::Secret))),
    ("hardcoded|plaintext|plain-text passwords|key|keys|token|tokens", Set(S::Class(FindingClass::Secret))),
    ("secret|secrets found|lying|left? open? in? the? clear? text?", Set(S::Class(FindingClass::Secret))),
    ("secret|secrets found|lying|left? open? in? the? open|plaintext text?", Set(S::Class(FindingClass::Secret))),
    ("secret|secrets finding|findings|leak|leaks", Set(S::Class(FindingClass::Secret))),
    ("rbac|permission|permissions|privileges", Set(S::Class(FindingClass::Rbac))),
    ("over-wide|overwide|overprivileged role|roles|right", Set(S::Class(FindingClass::Rbac))),
    ("over-wide|overwide|overprivileged rights|permission|permissions|accounts", Set(S::Class(FindingClass::Rbac))),
    ("over-privileged|excessive|wide role|roles|right", Set(S::Class(FindingClass::Rbac))),
    ("over-privileged|excessive|wide rights|permission|permissions|accounts", Set(S::Class(FindingClass::Rbac))),
    ("roles|rights", Set(S::Class(FindingClass::Rbac))),
    ("signal|signals|detection|detections", Set(S::Class(FindingClass::Signal))),
    ("privileged", Right("pss-privileged")), ("read secrets", Right("read-secrets")), ("create pods", Right("create-pods")), ("exec pods", Right("exec-pods")),
    ("exec into pods", Right("exec-pods")), ("impersonate", Right("impersonate")), ("escalate", Right("escalate")),
    ("approve certificates", Right("approve-certificates")), ("change admission", Right("change-admission")),
    ("request tokens", Right("request-tokens")), ("cluster admin|admins", Means::ClusterAdmin),
    ("cluster-admin|cluster-admins|clusteradmin", Means::ClusterAdmin),
    ("cloud identity|identities|account|role", Means::CloudIdentity), ("internet|outside", Means::Internet),
    // Names.
    ("namespace|namespaces|ns|team|teams", Cue(NameKind::Namespace)),
    ("workload|workloads|pod|pods|service|services|deployment|deployments|app", Cue(NameKind::Workload)),
    ("apps|application|applications|containers", Cue(NameKind::Workload)),
    ("container|sidecar", Cue(NameKind::Container)),
    ("statefulset|daemonset|job|jobs|cronjob", Cue(NameKind::Workload)), ("image|images", Cue(NameKind::Image)),
    ("base image|images", Cue(NameKind::Image)), ("package|packages|library|libraries|lib", Cue(NameKind::Package)),
    ("libs|component|components|dependency|dependencies", Cue(NameKind::Package)),
    ("version|versions", Cue(NameKind::Version)), ("service account|accounts", Cue(NameKind::ServiceAccount)),
    ("serviceaccount|serviceaccounts|sa|identity|identities", Cue(NameKind::ServiceAccount)),
    ("node|nodes|machine|machines|host|hosts", Cue(NameKind::Node)),
    ("control|controls|check|checks|rule|rules", Cue(NameKind::Control)),
    ("source|sources|scanner|scanners|tool|tools", Cue(NameKind::Source)), ("band|bands", Cue(NameKind::Band)),
    ("environment|environments|env|envs", Group(GroupBy::Environment)),
    ("severity|severities", Group(GroupBy::Severity)), ("class|classes|type|types", Group(GroupBy::Class)),
    ("per|each|every", Each), ("for each|every", Each), ("in each|every", Each),
    ("grouped|group|broken|split down? by", Each), ("by each|every?", Means::Prep(Prep::By)),
    ("sort|sorted|order|ordered|rank|ranked by?", Means::Sort), ("due date|dates", Means::By(Order::Due)),
    ("oldest first?", Means::By(Order::Oldest)), ("newest|latest first?", Means::By(Order::Newest)),
    ("most recent", Means::By(Order::Newest)), ("age", Means::By(Order::Oldest)),
    ("high|highest epss", Means::By(Order::Epss)), ("high|highest cvss", Means::By(Order::Cvss)),
    ("points", Means::By(Order::Band)), ("port|ports", Means::Port), ("number|nr|no.|item|row|#", Means::Number),
    ("finding number|#", Means::Number), ("first|1st", Nth(1)), ("second|2nd", Nth(2)), ("third|3rd", Nth(3)),
    ("fourth|4th", Nth(4)), ("fifth|5th", Nth(5)), ("sixth|6th", Nth(6)), ("seventh|7th", Nth(7)),
    ("eighth|8th", Nth(8)), ("ninth|9th", Nth(9)), ("tenth|10th", Nth(10)), ("at least", Means::Least),
    ("above|over|>|>=|exceeding|higher", Means::Least), ("more|greater|higher than", Means::Least),
    ("below|under|<|<=", Means::Below), ("less|lower|smaller than", Means::Below),
    ("show|list|give|get? me? all of them|those|these", All), ("all of them|those|these", All),
    ("everything else", Filler), ("full|complete|entire list", All), ("single", Means::Single),
    ("first seen", Means::Seen), ("opened|found|discovered|detected|seen", Means::Seen),
    // Negation and joining.
    ("not|no|isnt|arent|wasnt|doesnt|dont|without|except|excluding", Means::Not),
    ("exclude|excluded|minus|hasnt|havent|lacking|lack|lacks|nor|never", Means::Not), ("other than", Means::Not),
    ("apart from", Means::Not), ("except for|in?", Means::Not), ("but not in?", Means::Not),
    ("outside of", Means::Not), ("do|does|is|are|has|have|was not", Means::Not),
    ("drop|skip the? ones|one|those?", Means::Not), ("leave|leaving out", Means::Not), ("ignoring", Means::Not),
    ("not yet", Means::Not), ("or", Means::Or), ("and", Means::Or),
    ("in|on|of|for|against|inside|within|across|at|under", Means::Prep(Prep::In)), ("from", Means::Prep(Prep::From)),
    ("to|into|towards", Means::Prep(Prep::To)), ("about|regarding|concerning", Means::Prep(Prep::About)),
    // Questions and politeness.
    ("who|whos|whose|which|anyone|anybody|somebody|someone", Means::Ask(Ask::Who)),
    ("where|wheres", Means::Ask(Ask::Where)), ("when|whens", Means::Ask(Ask::When)),
    ("how|hows", Means::Ask(Ask::How)), ("is|are|does|do|am|did|can|could|would", Means::Ask(Ask::Is)),
    ("what|whats", Means::Ask(Ask::Other)),
    ("show|list|give|gimme|display|find|see|print|get|tell|summarize|summarise|read", Weak(K::List)),
    ("finding|findings|issue|issues|problem|problems|thing|things", Noun),
    ("stuff|item|items|anything|everything|something|result|results|risk", Noun),
    ("risks|threat|threats|failure|failures|report|reports|reported", Noun),
    ("reporting|ticket|tickets|hole|holes|bug|bugs|weakness|weaknesses", Noun),
    ("morning|good|today|tonight|moment to|thus|hence|while|during|till", Filler),
    ("time|times|minute|quick|quickly|briefly to|thus|hence|while|during|till", Filler),
    ("short|exactly|again|both|either|but|if|than|because|due to|thus|hence|while|during|till", Filler),
    ("so|too|this|that|how|very high|low|critical|urgent|bad|important|severe", Filler), ("as of", Filler),
    ("out of", Filler), ("because of", Filler), ("in general", Filler), ("in total", Filler), ("of course", Filler),
    ("right now", Filler), ("at the moment", Filler), ("so far", Filler), ("for me|us", Filler),
    ("in there|here", Filler), ("to see|know|get|have|be|find|look", Filler), ("for which", Filler),
    ("in which", Filler), ("to me", Filler), ("at all", Filler), ("of all", Filler), ("at risk", Noun),
    ("up there", Filler), ("wrong|up with|on", Means::Prep(Prep::In)), ("number of", Kind(K::Count)),
    ("=|is|equals equal|equals?", Filler), ("on earth", Filler), ("at|on|near the? top|bottom", Filler),
    ("not to fix|patch|address", Filler), ("first thing", Kind(K::Top)), ("at|to first", Kind(K::Top)),
    // The answer before.
    ("ones", Means::Before), ("those|them|they|same", Means::Before), ("of those|these|them", Means::Before),
    ("what|how about", Means::Before), ("instead", Means::Before), ("same for|in|thing", Means::Before),
    ("the rest", Means::Before),
];

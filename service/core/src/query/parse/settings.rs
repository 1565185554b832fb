//! Filters with a value: set, turned by a "not", left unknown, or taken as what counts are told apart by.

use super::super::filters::{Filters, NameKind};
use super::super::lexicon::{Ask, Means, Prep, Setting};
use super::super::{Change, GroupBy, Impact, QueryKind, Tri};
use super::What;
use super::build::{Built, Place};
use super::walk::{Family, Walk};
use crate::assess::Attacked;
use crate::observation::Severity;

impl Walk<'_> {
    pub(super) fn setting(&mut self, at: usize, setting: Setting) {
        if let Some(group) = setting_group(setting).filter(|_| self.each) {
            return self.group(Some(group));
        }
        // "Which vulnerability comes first" is about one.
        let one = matches!(
            self.words[self.items[at].to - 1].text.as_str(),
            "vulnerability" | "flaw" | "misconfiguration" | "cve"
        );
        self.out.single |= one && matches!(self.previous(at), Some(What::Means(Means::Ask(Ask::Who | Ask::Other))));
        if self.unknown.contains(&at) {
            self.set(unknown(setting));
        } else if matches!(setting, Setting::Class(crate::finding::FindingClass::Secret))
            && (self.prep == Some(Prep::To) || self.prep == Some(Prep::In) && self.out.kind(QueryKind::ChokePoints))
        {
            self.spot(Place::Secrets);
        } else {
            self.set(setting);
        }
        if !matches!(family(setting), Some(f) if self.left_out == Some(f)) {
            self.left_out = None;
        }
        self.not = 0;
        self.prep = None;
        self.each = false;
    }

    pub(super) fn topic(&mut self, at: usize, setting: Setting) {
        if self.unknown.contains(&at) {
            self.set(unknown(setting));
        } else if matches!(setting, Setting::Exposed(_)) && self.not == 0 {
            self.out.path = true;
            self.spot(Place::Internet);
        } else {
            self.set(setting);
        }
        self.clear();
    }

    pub(super) fn cue(&mut self, kind: NameKind) {
        self.out.cues.push(kind);
        if kind == NameKind::Container {
            // "Which container runs it" asks for workloads as well.
            self.out.cues.push(NameKind::Workload);
        }
        if self.each || self.prep == Some(Prep::By) {
            self.group(cue_group(kind));
            self.clear();
        } else if kind == NameKind::Node && self.prep == Some(Prep::To) {
            self.spot(Place::Nodes);
        }
    }

    pub(super) fn group_word(&mut self, group: GroupBy) {
        if self.each || self.prep == Some(Prep::By) || self.out.breakdown {
            self.group(Some(group));
        } else {
            self.out.group_hint = Some(group);
        }
    }

    pub(super) fn group(&mut self, group: Option<GroupBy>) {
        self.out.group_by = group.or(self.out.group_by);
        self.each = false;
    }

    pub(super) fn set(&mut self, setting: Setting) {
        let family = family(setting);
        let joined = family.is_some() && self.left_out == family;
        let not = if joined { 1 } else { self.not };
        if not > 0 && family.is_some() {
            self.left_out = family;
        }
        apply(&mut self.out, setting, not);
    }
}

pub(super) fn is_tri(setting: Setting) -> bool {
    unknown(setting) != setting
}

fn family(setting: Setting) -> Option<Family> {
    match setting {
        Setting::Severity(_) => Some(Family::Severity),
        Setting::Class(_) => Some(Family::Class),
        Setting::Environment(_) => Some(Family::Environment),
        _ => None,
    }
}

pub(super) fn unknown(setting: Setting) -> Setting {
    use Setting as S;
    let u = Tri::Unknown;
    match setting {
        S::Exposed(_) => S::Exposed(u),
        S::Traffic(_) => S::Traffic(u),
        S::InUse(_) => S::InUse(u),
        S::Kev(_) => S::Kev(u),
        S::Automatable(_) => S::Automatable(u),
        S::Impact(_) => S::Impact(Impact::Unknown),
        S::Conditions(_) => S::Conditions(u),
        S::Attacked(_) => S::Attacked(&[Attacked::Unknown]),
        other => other,
    }
}

pub(super) fn topic_group(setting: Setting) -> Option<GroupBy> {
    match setting {
        Setting::Exposed(_) => Some(GroupBy::Exposed),
        Setting::InUse(_) => Some(GroupBy::InUse),
        _ => None,
    }
}

fn setting_group(setting: Setting) -> Option<GroupBy> {
    match setting {
        Setting::Class(_) => Some(GroupBy::Cve),
        _ => topic_group(setting),
    }
}

fn cue_group(kind: NameKind) -> Option<GroupBy> {
    Some(match kind {
        NameKind::Namespace => GroupBy::Namespace,
        NameKind::Workload | NameKind::Container => GroupBy::Workload,
        NameKind::Image => GroupBy::Image,
        NameKind::Package => GroupBy::Package,
        NameKind::Cve => GroupBy::Cve,
        NameKind::Node => GroupBy::Node,
        NameKind::Control => GroupBy::Control,
        NameKind::Source => GroupBy::Source,
        NameKind::Band => GroupBy::Band,
        NameKind::Version | NameKind::ServiceAccount | NameKind::Person => return None,
    })
}

pub(super) fn or_worse(severities: &mut Vec<Severity>) {
    if let Some(least) = severities.iter().min().copied() {
        *severities = Severity::ALL.iter().copied().filter(|s| *s >= least).collect();
    }
}

fn push<T: PartialEq + Ord>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
        list.sort();
    }
}

/// Sets a filter. One "not" turns a yes into a no; of a list it leaves the value out; two leave out the no.
fn apply(out: &mut Built, setting: Setting, not: u8) {
    use Setting as S;
    let turned = |t: Tri| match (t, not % 2 == 1 || not == 2) {
        (Tri::Yes, true) => Tri::No,
        (Tri::No, true) => Tri::Yes,
        (t, _) => t,
    };
    let is_list = family(setting).is_some() || matches!(setting, S::Status(_) | S::Change(_) | S::Impact(_));
    if matches!(setting, S::Resolved) {
        out.resolved |= not == 0;
        return;
    }
    let target = if (is_list && not > 0) || not == 2 {
        out.filters.not.get_or_insert_default().as_mut()
    } else {
        &mut out.filters
    };
    match setting {
        S::Exposed(t) => target.exposed = Some(turned(t)),
        S::Traffic(t) => target.traffic = Some(turned(t)),
        S::InUse(t) => target.in_use = Some(turned(t)),
        S::Kev(t) => target.kev = Some(turned(t)),
        S::Automatable(t) => target.automatable = Some(turned(t)),
        S::Impact(i) => target.impact = Some(i),
        S::Conditions(t) => target.conditions = Some(turned(t)),
        S::Fix(t) => target.fix = Some(turned(t)),
        S::Overdue(t) => target.overdue = Some(turned(t)),
        S::Decision(t) => target.decision = Some(turned(t)),
        S::Expired(t) => target.expired = Some(turned(t)),
        S::Inert(t) => target.inert = Some(turned(t)),
        S::Stale(t) => target.stale = Some(turned(t)),
        S::Attacked(_) if not == 1 => target.attacked = vec![Attacked::NoneSeen],
        S::Attacked(list) => target.attacked = list.to_vec(),
        S::Environment(e) => push(&mut target.environment, e),
        S::Severity(s) => push(&mut target.severity, s),
        S::Class(c) => push(&mut target.class, c),
        S::Status(s) => push(&mut target.decision_status, s),
        S::Change(c) => push(&mut target.change, c),
        S::Resolved => {}
    }
}

/// What a change that is asked for says, where a time stands beside it.
pub(super) fn resolved_as_change(filters: &mut Filters) {
    push(&mut filters.change, Change::Resolved);
}

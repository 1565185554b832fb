//! Published values that reports carry beside a vulnerability: CVSS vectors, weakness classes, EPSS, KEV. Each is said
//! once a report, labelled with the tool that carried it.

use assay_core::ids::{Time, VulnId};
use assay_core::intel::{Feed, Said};
use assay_core::observation::Observation;

use super::intake::Intake;

/// Where the published values of one vulnerability go.
pub(crate) struct Published<'i, 'a> {
    intake: &'i mut Intake<'a>,
    vuln: Option<VulnId>,
    yields: &'i mut Vec<Observation>,
}

impl<'i, 'a> Published<'i, 'a> {
    /// Values about the vulnerability of this name.
    pub(crate) fn of(intake: &'i mut Intake<'a>, vuln: &str, yields: &'i mut Vec<Observation>) -> Self {
        Self { vuln: vuln.parse().ok(), intake, yields }
    }

    /// A CVSS vector of any version.
    pub(crate) fn cvss(&mut self, vector: &str, at: Option<Time>) {
        if vector.is_empty() || !self.first("cvss", vector) {
            return;
        }
        if let Ok(vector) = vector.parse() {
            self.say(Feed::Cvss, Said::Cvss(vector), at);
        }
    }

    /// A weakness: `CWE-79` or `79`.
    pub(crate) fn cwe(&mut self, cwe: &str, at: Option<Time>) {
        let number = cwe.trim().trim_start_matches(|c: char| !c.is_ascii_digit());
        if let Ok(number) = number.parse::<u32>()
            && number > 0
            && self.first("cwe", number)
        {
            self.say(Feed::CveRecord, Said::Cwe(number), at);
        }
    }

    /// EPSS as shares of one.
    pub(crate) fn epss(&mut self, probability: f64, percentile: f64, at: Option<Time>) {
        if let (Some(probability), Some(percentile)) = (ten_thousandths(probability), ten_thousandths(percentile))
            && self.first("epss", ())
        {
            self.say(Feed::Epss, Said::Epss { probability, percentile }, at);
        }
    }

    /// An entry of CISA's catalogue.
    pub(crate) fn kev(&mut self, added: Time) {
        if self.first("kev", ()) {
            self.say(Feed::Kev, Said::Kev { added }, Some(added));
        }
    }

    fn first(&mut self, feed: &str, value: impl std::hash::Hash) -> bool {
        let vuln = self.vuln.as_ref().map(VulnId::as_str);
        vuln.is_some() && self.intake.first_time((feed, vuln, value))
    }

    fn say(&mut self, feed: Feed, said: Said, at: Option<Time>) {
        if let Some(vuln) = &self.vuln {
            self.yields.push(self.intake.intel(vuln, feed, said, at));
        }
    }
}

/// A share of one in ten-thousandths; nothing for what is no share.
pub(crate) fn ten_thousandths(share: f64) -> Option<u16> {
    (0.0..=1.0).contains(&share).then(|| (share * 10_000.0).round() as u16)
}

//! All vectors of one model in memory, for exact scans: int8 codes find the candidates, f32 puts them in order.

use super::dot;

/// Candidates of the coarse scan for each result asked for.
const CANDIDATES: usize = 4;

/// The vectors of one model.
#[derive(Clone, Debug, Default)]
pub struct VectorIndex {
    ids: Vec<i64>,
    kinds: Vec<u8>,
    kind_names: Vec<String>,
    scales: Vec<f32>,
    codes: Vec<i8>,
    dimensions: usize,
}

impl VectorIndex {
    /// Adds a vector; one of another length than the first is passed over.
    pub(super) fn push(&mut self, id: i64, kind: &str, scale: f32, vector: &[u8]) {
        if self.ids.is_empty() {
            self.dimensions = vector.len();
        }
        if vector.len() != self.dimensions || vector.is_empty() {
            return;
        }
        let known = self.kind_names.iter().position(|k| k == kind);
        let kind = known.unwrap_or_else(|| {
            self.kind_names.push(kind.to_owned());
            self.kind_names.len() - 1
        });
        self.ids.push(id);
        self.kinds.push(kind as u8);
        self.scales.push(scale);
        self.codes.extend(vector.iter().map(|b| *b as i8));
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The nearest texts of some kinds (none: all), nearest first; equal ones by id.
    pub fn near(&self, vector: &[f32], kinds: &[&str], limit: usize) -> Vec<i64> {
        self.above(vector, kinds, f32::MIN, limit)
    }

    /// The vector of a text, as exact as its codes are.
    pub fn vector(&self, id: i64) -> Option<Vec<f32>> {
        let at = self.ids.binary_search(&id).ok()?;
        let codes = self.codes.get(at * self.dimensions..(at + 1) * self.dimensions)?;
        Some(codes.iter().map(|c| f32::from(*c) * self.scales[at]).collect())
    }

    /// The nearest texts of some kinds whose cosine with a vector of length one is at least `floor`, nearest first.
    pub fn above(&self, vector: &[f32], kinds: &[&str], floor: f32, limit: usize) -> Vec<i64> {
        if vector.len() != self.dimensions || limit == 0 {
            return Vec::new();
        }
        let (_, query) = dot::quantise(vector);
        let mut products = Vec::with_capacity(self.ids.len());
        dot::products(&self.codes, &query, &mut products);
        let wanted: Vec<bool> =
            self.kind_names.iter().map(|k| kinds.is_empty() || kinds.contains(&k.as_str())).collect();
        let mut coarse: Vec<(f32, u32)> = products
            .iter()
            .enumerate()
            .filter(|(i, _)| wanted[usize::from(self.kinds[*i])])
            .map(|(i, p)| (*p as f32 * self.scales[i], i as u32))
            .collect();
        let keep = (limit * CANDIDATES).min(coarse.len());
        if keep == 0 {
            return Vec::new();
        }
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if keep < coarse.len() {
            coarse.select_nth_unstable_by(keep - 1, order);
            coarse.truncate(keep);
        }
        for (score, i) in &mut coarse {
            let at = *i as usize * self.dimensions;
            let row = &self.codes[at..at + self.dimensions];
            *score = row.iter().zip(vector).map(|(c, v)| f32::from(*c) * v).sum::<f32>() * self.scales[*i as usize];
        }
        coarse.sort_unstable_by(order);
        coarse.into_iter().filter(|(score, _)| *score >= floor).take(limit).map(|(_, i)| self.ids[i as usize]).collect()
    }
}

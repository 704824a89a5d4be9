//! Typed columns, as plugins receive them, and bitmaps over rows.

use std::ops::Range;

/// Texts of many rows in one piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextColumn {
    /// All texts, one after the other.
    pub bytes: Vec<u8>,
    /// Row `i` is `bytes[ends[i - 1]..ends[i]]`.
    pub ends: Vec<u32>,
}

impl TextColumn {
    /// Appends a row.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// The text of a row.
    pub fn row(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }
}

/// Bytes of something that is not much larger than the values in it.
const COLUMN_BYTES: usize = 64;

/// One column of a batch or a window; every variant has one value per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// One bit per row.
    Bits(Bitmap),
    /// Bytes.
    U8s(Vec<u8>),
    /// Ids and small counts.
    U32s(Vec<u32>),
    /// Times and positions.
    U64s(Vec<u64>),
    /// Bits of surprise, entropies.
    F32s(Vec<f32>),
    /// Numeric fields.
    F64s(Vec<f64>),
    /// Texts.
    Text(TextColumn),
}

impl Column {
    /// Roughly what it takes in memory.
    pub fn bytes(&self) -> usize {
        COLUMN_BYTES
            + match self {
                Column::Bits(bits) => bits.bytes.len(),
                Column::U8s(values) => values.len(),
                Column::U32s(values) => values.len() * 4,
                Column::U64s(values) => values.len() * 8,
                Column::F32s(values) => values.len() * 4,
                Column::F64s(values) => values.len() * 8,
                Column::Text(texts) => texts.bytes.len() + texts.ends.len() * 4,
            }
    }

    /// The values of some stretches of rows, one after the other.
    pub fn slices(&self, stretches: &[Range<usize>]) -> Column {
        match self {
            Column::Bits(bits) => {
                let mut keep = Bitmap::new(bits.rows);
                stretches.iter().flat_map(Range::clone).for_each(|row| keep.insert(row));
                Column::Bits(bits.select(&keep))
            }
            Column::U8s(values) => Column::U8s(pieces(values, stretches)),
            Column::U32s(values) => Column::U32s(pieces(values, stretches)),
            Column::U64s(values) => Column::U64s(pieces(values, stretches)),
            Column::F32s(values) => Column::F32s(pieces(values, stretches)),
            Column::F64s(values) => Column::F64s(pieces(values, stretches)),
            Column::Text(texts) => {
                let mut kept = TextColumn::default();
                stretches.iter().flat_map(Range::clone).for_each(|row| kept.push(texts.row(row)));
                Column::Text(kept)
            }
        }
    }
}

fn pieces<T: Copy>(values: &[T], stretches: &[Range<usize>]) -> Vec<T> {
    stretches.iter().flat_map(|rows| &values[rows.clone()]).copied().collect()
}

/// One bit per row, least significant bit first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bitmap {
    bytes: Vec<u8>,
    rows: usize,
}

impl Bitmap {
    /// All rows unset.
    pub fn new(rows: usize) -> Self {
        Bitmap { bytes: vec![0; rows.div_ceil(8)], rows }
    }

    /// All rows set.
    pub fn full(rows: usize) -> Self {
        let mut bytes = vec![0xff; rows.div_ceil(8)];
        if let Some(last) = bytes.last_mut() {
            *last >>= (8 - rows % 8) % 8;
        }
        Bitmap { bytes, rows }
    }

    /// Takes bytes as they come from a plugin; `None` where their number does not fit the rows or a bit beyond is set.
    pub fn from_bytes(bytes: Vec<u8>, rows: usize) -> Option<Self> {
        let spare = (8 - rows % 8) % 8;
        let fits = bytes.len() == rows.div_ceil(8)
            && bytes.last().is_none_or(|last| last.leading_zeros() as usize >= spare);
        fits.then_some(Bitmap { bytes, rows })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes, as plugins receive them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the row is set.
    pub fn contains(&self, row: usize) -> bool {
        self.bytes[row / 8] >> (row % 8) & 1 == 1
    }

    /// Sets a row.
    pub fn insert(&mut self, row: usize) {
        debug_assert!(row < self.rows);
        self.bytes[row / 8] |= 1 << (row % 8);
    }

    /// Number of rows set.
    pub fn count(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// The rows that are not set.
    pub fn complement(&self) -> Bitmap {
        let mut other = Bitmap::full(self.rows);
        for (byte, mine) in other.bytes.iter_mut().zip(&self.bytes) {
            *byte &= !mine;
        }
        other
    }

    /// The bits of the rows that `keep` has, in their order.
    pub fn select(&self, keep: &Bitmap) -> Bitmap {
        let mut selected = Bitmap::new(keep.count());
        let kept = (0..self.rows).filter(|row| keep.contains(*row));
        for (place, row) in kept.enumerate() {
            if self.contains(row) {
                selected.insert(place);
            }
        }
        selected
    }

    /// Appends the rows of another one.
    pub fn extend(&mut self, other: &Bitmap) {
        let shift = self.rows % 8;
        self.rows += other.rows;
        if shift == 0 {
            self.bytes.extend_from_slice(&other.bytes);
            return;
        }
        for byte in &other.bytes {
            if let Some(last) = self.bytes.last_mut() {
                *last |= byte << shift;
            }
            self.bytes.push(byte >> (8 - shift));
        }
        // The last one may have no row in it.
        self.bytes.truncate(self.rows.div_ceil(8));
    }

    /// Sets every row that the other has.
    pub fn union(&mut self, other: &Bitmap) {
        debug_assert_eq!(self.rows, other.rows);
        for (mine, theirs) in self.bytes.iter_mut().zip(&other.bytes) {
            *mine |= theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_sets_exactly_the_rows() {
        for rows in [0, 1, 7, 8, 9, 64, 1000] {
            let bits = Bitmap::full(rows);
            assert_eq!(bits.count(), rows);
            assert_eq!(Bitmap::from_bytes(bits.bytes().to_vec(), rows), Some(bits));
        }
    }

    #[test]
    fn complement_and_selection() {
        let mut bits = Bitmap::new(10);
        [1, 4, 9].into_iter().for_each(|row| bits.insert(row));
        assert_eq!(bits.complement().count(), 7);
        assert!(!bits.complement().contains(4));
        let mut keep = Bitmap::new(10);
        [0, 4, 9].into_iter().for_each(|row| keep.insert(row));
        let selected = bits.select(&keep);
        assert_eq!((selected.rows(), selected.bytes()), (3, &[0b110][..]));
    }

    #[test]
    fn rows_are_appended_wherever_the_first_ones_end() {
        let of = |rows: &mut dyn Iterator<Item = usize>, count| {
            let mut bits = Bitmap::new(count);
            rows.filter(|row| row % 3 == 0).for_each(|row| bits.insert(row));
            bits
        };
        for before in 0..20 {
            for more in 0..20 {
                let mut bits = of(&mut (0..before), before);
                let mut added = Bitmap::new(more);
                (0..more).filter(|row| (before + row) % 3 == 0).for_each(|row| added.insert(row));
                bits.extend(&added);
                assert_eq!(bits, of(&mut (0..before + more), before + more), "{before}, {more}");
            }
        }
    }

    #[test]
    fn stretches_of_rows_keep_their_values_and_order() {
        let stretches = [1..3, 4..5];
        let mut bits = Bitmap::new(6);
        [1, 4, 5].into_iter().for_each(|row| bits.insert(row));
        let mut kept_bits = Bitmap::new(3);
        [0, 2].into_iter().for_each(|row| kept_bits.insert(row));
        let (mut texts, mut kept_texts) = (TextColumn::default(), TextColumn::default());
        ["a", "bb", "", "d", "e", "f"].iter().for_each(|text| texts.push(text.as_bytes()));
        ["bb", "", "e"].iter().for_each(|text| kept_texts.push(text.as_bytes()));
        let cases = [
            (Column::Bits(bits), Column::Bits(kept_bits)),
            (Column::U8s((0..6).collect()), Column::U8s(vec![1, 2, 4])),
            (Column::U32s((0..6).collect()), Column::U32s(vec![1, 2, 4])),
            (Column::U64s((0..6).collect()), Column::U64s(vec![1, 2, 4])),
            (Column::F32s(vec![0.0, 1.5, 2.5, 3.5, 4.5, 5.5]), Column::F32s(vec![1.5, 2.5, 4.5])),
            (Column::F64s(vec![0.0, 1.5, 2.5, 3.5, 4.5, 5.5]), Column::F64s(vec![1.5, 2.5, 4.5])),
            (Column::Text(texts), Column::Text(kept_texts)),
        ];
        for (column, kept) in cases {
            assert_eq!(column.slices(&stretches), kept);
            assert!(column.bytes() > kept.bytes() || matches!(column, Column::Bits(_)));
        }
    }

    #[test]
    fn bytes_that_do_not_fit_the_rows_are_refused() {
        assert_eq!(Bitmap::from_bytes(vec![0b1000], 3), None, "a bit beyond the rows");
        assert_eq!(Bitmap::from_bytes(vec![0, 0], 8), None, "a byte too many");
        assert_eq!(Bitmap::from_bytes(vec![], 1), None, "a byte too few");
    }
}

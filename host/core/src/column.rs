//! Typed columns, as plugins receive them, and bitmaps over rows.

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
    fn bytes_that_do_not_fit_the_rows_are_refused() {
        assert_eq!(Bitmap::from_bytes(vec![0b1000], 3), None, "a bit beyond the rows");
        assert_eq!(Bitmap::from_bytes(vec![0, 0], 8), None, "a byte too many");
        assert_eq!(Bitmap::from_bytes(vec![], 1), None, "a byte too few");
    }
}

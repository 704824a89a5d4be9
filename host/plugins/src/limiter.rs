//! Counts what an instance takes: wasmtime's own limits are per memory, ours are for all of them together.

use wasmtime::ResourceLimiter;

use crate::admission::Kind;
use crate::limits::Limits;

/// What an instance has and may have.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements_max: usize,
    instances_max: usize,
    tables_max: usize,
    memories_max: usize,
    /// What the last growth added, to be taken back should the system have no memory left.
    grown_bytes: usize,
    refused: bool,
}

impl Limiter {
    /// Nothing taken yet.
    pub(crate) fn new(limits: &Limits, kind: Kind) -> Self {
        Limiter {
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes_max(kind),
            table_elements_max: limits.table_elements_max,
            instances_max: limits.core_instances_max as usize,
            tables_max: limits.tables_max as usize,
            memories_max: limits.memories_max as usize,
            grown_bytes: 0,
            refused: false,
        }
    }

    /// Linear memory taken.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Whether something was refused since this was asked last.
    pub(crate) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }

    fn refuse(&mut self) -> bool {
        self.refused = true;
        false
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown_bytes = desired.saturating_sub(current);
        let total = self.memory_bytes.saturating_add(grown_bytes);
        if total > self.memory_bytes_max || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(self.refuse());
        }
        self.memory_bytes = total;
        self.grown_bytes = grown_bytes;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if !self.refused {
            tracing::warn!(%error, "the system has no memory for a plugin");
            self.memory_bytes =
                self.memory_bytes.saturating_sub(std::mem::take(&mut self.grown_bytes));
        }
        self.refuse();
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits =
            desired <= self.table_elements_max && maximum.is_none_or(|maximum| desired <= maximum);
        Ok(fits || self.refuse())
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_limit() {
        let limits = Limits { detector_memory_bytes_max: 100, ..Limits::default() };
        let mut limiter = Limiter::new(&limits, Kind::Detector);
        // Growth from, to; whether it is granted; what is taken then.
        let steps =
            [(0, 60, true, 60), (0, 50, false, 60), (0, 40, true, 100), (60, 61, false, 100)];
        for (current, desired, granted, taken) in steps {
            assert_eq!(limiter.memory_growing(current, desired, None).unwrap(), granted);
            assert_eq!(limiter.memory_bytes(), taken, "{current} to {desired}");
            assert_eq!(limiter.take_refused(), !granted);
        }
    }

    #[test]
    fn growth_that_the_system_refuses_is_taken_back() {
        let mut limiter = Limiter::new(&Limits::default(), Kind::Filter);
        assert!(limiter.memory_growing(0, 4096, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("out of memory")).unwrap();
        assert_eq!(limiter.memory_bytes(), 0);
        assert!(limiter.take_refused());
    }
}

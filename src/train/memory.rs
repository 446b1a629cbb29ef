//! How much memory the process has held.

/// The most bytes so far. Only Linux says it where no unsafe code is needed to ask.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_holds_megabytes() {
        let before = peak().unwrap();
        let held = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(before > 1 << 20 && peak().unwrap() > held.len() as u64);
    }
}

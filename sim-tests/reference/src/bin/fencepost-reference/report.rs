//! `report`: what has been compared, as a page.

use fencepost_reference::report;

pub(crate) fn run() -> Result<bool, String> {
    print!("{}", report()?);
    Ok(true)
}

//! The agent.

fn main() -> std::process::ExitCode {
    mpp::daemon::mppd_main()
}

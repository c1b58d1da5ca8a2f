//! HTTP: verdicts, status, metrics, the dashboard.

fn main() -> std::process::ExitCode {
    mpp::web::web_main()
}

//! The operator's tool.

fn main() -> std::process::ExitCode {
    mpp::cli::mpp_main()
}

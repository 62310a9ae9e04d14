use framework::Attributes;

#[derive(Attributes)]
pub struct Undescribed {
    pub field: String,
    ///
    pub empty: String,
}

/// A platform.
#[derive(Attributes)]
pub enum Platform {
    GithubActions,
    /// GitLab's.
    GitlabCi,
}

fn main() {}

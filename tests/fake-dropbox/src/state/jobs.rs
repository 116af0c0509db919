//! Batches that answer with a job.
//!
//! The work is done when the job is launched; what takes time is only the answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Account;
use super::mutation::Mutation;
use crate::switches::Batches;

/// The result of a batch that waits to be asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The route family that may ask, such as `delete_batch`.
    family: String,
    /// What is left of `in_progress`.
    in_progress: u32,
    /// What the check answers in the end.
    result: Value,
}

/// What a check finds.
#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    /// No such job.
    Unknown,
    /// Ask again.
    InProgress,
    /// The result.
    Done(Value),
}

impl Account {
    /// Tells whether a batch of `count` entries answers with a job.
    pub fn makes_job(&self, family: &str, count: usize, forced: bool) -> bool {
        let as_seen = family != "create_folder_batch" || count >= 50;
        match self.switches.batches {
            Batches::AsSeen => forced || as_seen,
            Batches::Jobs => true,
            Batches::AtOnce => forced,
        }
    }

    /// Keeps the result of a batch and returns the id to ask with.
    pub fn launch(&mut self, family: &str, result: Value) -> String {
        let id = format!("dbjid:{}", self.draw_text("job"));
        let in_progress = self.switches.job_in_progress_answers;
        let job = Job { family: family.into(), in_progress, result };
        self.apply(Mutation::Job(id.clone(), Box::new(job)));
        id
    }

    /// Asks for the result of a batch.
    pub fn check_job(&mut self, family: &str, id: &str) -> JobState {
        match self.jobs.get_mut(id) {
            Some(job) if job.family == family && job.in_progress > 0 => {
                job.in_progress -= 1;
                JobState::InProgress
            }
            Some(job) if job.family == family => JobState::Done(job.result.clone()),
            _ => JobState::Unknown,
        }
    }
}

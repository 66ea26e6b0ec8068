namespace Coxswain.Controllers.Batch;

/// <summary>A pod that a Job is to make.</summary>
/// <param name="Index">Its completion index; null for a Job without indexes.</param>
/// <param name="Failures">How often the index has failed.</param>
/// <param name="IgnoredFailures">How often it failed in a way that is not counted.</param>
internal sealed record WantedPod(int? Index, int Failures = 0, int IgnoredFailures = 0);

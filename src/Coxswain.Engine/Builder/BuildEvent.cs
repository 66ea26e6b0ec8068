namespace Coxswain.Engine.Builder;

/// <summary>What happens in a build, in order. Reported from one task at a time.</summary>
/// <param name="Step">The number of the step it belongs to, counted from 1 over the whole build.</param>
public abstract record BuildEvent(int Step);

/// <param name="Name">For example <c>[2/5] COPY . /app</c>.</param>
public sealed record BuildStepStarted(int Step, string Name) : BuildEvent(Step);

/// <summary>The step was not run: its result is known from before.</summary>
public sealed record BuildStepCached(int Step) : BuildEvent(Step);

/// <summary>A line a command wrote.</summary>
public sealed record BuildStepOutput(int Step, TimeSpan Elapsed, string Line, bool IsError) : BuildEvent(Step);

/// <summary>A part of a step that is worth a line: <c>naming to docker.io/library/app:latest</c>.</summary>
public sealed record BuildStepStatus(int Step, string Text) : BuildEvent(Step);

public sealed record BuildStepCompleted(int Step, TimeSpan Elapsed) : BuildEvent(Step);

public sealed record BuildStepFailed(int Step, string Problem) : BuildEvent(Step);

/// <summary>Something the author of the Dockerfile should know.</summary>
public sealed record BuildWarning(string Text) : BuildEvent(0);

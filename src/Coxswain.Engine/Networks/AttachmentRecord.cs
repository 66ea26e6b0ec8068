namespace Coxswain.Engine.Networks;

/// <summary>An address given to a sandbox, as kept on disk.</summary>
internal sealed record AttachmentRecord(string SandboxId, string Hostname, string Address, string HostLink);

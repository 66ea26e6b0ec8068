namespace Coxswain.Controllers.Core;

/// <summary>A Service's port with its target port by number.</summary>
internal sealed record ResolvedPort(string Name, string Protocol, int Port, string? AppProtocol);

using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>What of a request decides where it belongs.</summary>
/// <param name="Resource">The plural, with <c>/subresource</c> when there is one; empty for a path outside of resources.</param>
internal readonly record struct FlowRequest(User User, string Verb, string Group, string Resource, string Namespace, string Path);

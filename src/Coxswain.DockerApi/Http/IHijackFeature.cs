namespace Coxswain.DockerApi.Http;

/// <summary>
/// Takes a connection away from HTTP. Docker's clients turn a request with a body into a raw stream, and end their side of it while
/// ours goes on; the web server itself allows neither.
/// </summary>
internal interface IHijackFeature
{
    /// <summary>The bare stream, for good: whatever the web server still writes is dropped. Call once, with the request's body read.</summary>
    HijackedStream Hijack();
}

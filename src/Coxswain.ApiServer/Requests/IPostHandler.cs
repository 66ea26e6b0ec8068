using System.Text.Json.Nodes;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Requests;

/// <summary>
/// Answers a POST that stores nothing under its own name: a subresource with a type of its own (a Binding, an Eviction,
/// a TokenRequest) or a review.
/// </summary>
internal interface IPostHandler
{
    /// <param name="body">Of the kind's schema, defaulted.</param>
    /// <returns>The answer's JSON.</returns>
    ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken);
}

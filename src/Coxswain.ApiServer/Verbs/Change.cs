using System.Text.Json.Nodes;
using Coxswain.Api.Apply;

namespace Coxswain.ApiServer.Verbs;

/// <summary>What a write makes of a stored document.</summary>
/// <param name="Managed">Who owns what then; null for the updater to find out.</param>
internal readonly record struct Change(JsonObject Document, ManagedFields? Managed = null);

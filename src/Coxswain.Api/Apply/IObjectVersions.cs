using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>The versions an object can be shown in: managers own fields in the version they write.</summary>
public interface IObjectVersions
{
    /// <summary>Null when there is no such version any more; what was owned in it is forgotten.</summary>
    Schema? SchemaOf(string apiVersion);

    /// <summary>The document in another version; the one given stays as it is.</summary>
    JsonObject Convert(JsonObject document, string from, string to);
}

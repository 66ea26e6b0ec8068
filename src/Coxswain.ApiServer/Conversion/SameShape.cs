using System.Text.Json.Nodes;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>A version that differs by its name alone.</summary>
internal sealed class SameShape : IVersionConverter
{
    public JsonObject ToStored(JsonObject document) => document;

    public JsonObject FromStored(JsonObject document) => document;
}

using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.Requests;

/// <summary>Between typed answers and documents.</summary>
internal static class Answers
{
    public static JsonObject Success(int code) => Of(Statuses.Success() with { Code = code });

    public static JsonObject Of(IKubeType value) => (JsonObject)KubeJson.ParseNode(KubeJson.Serialize(value))!; // types write objects

    public static T Read<T>(JsonObject body)
        where T : IKubeType<T> => KubeJson.Deserialize<T>(System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()));
}

using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>
/// The names of one group's resources and kinds, each given to the definition that had it first. A definition keeps what it
/// was given; what it asks for beside that and another has is refused, and said in its conditions.
/// </summary>
internal sealed class CustomResourceNames
{
    private readonly Dictionary<string, string> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _kinds = new(StringComparer.Ordinal);

    /// <summary>Notes what a definition was given.</summary>
    /// <param name="owner">The definition's name.</param>
    public void Claim(string owner, JsonObject names)
    {
        foreach (var name in names["shortNames"].Texts().Append(names.Text("plural")).Append(names.Text("singular")))
        {
            _resources.TryAdd(name, owner);
        }

        _kinds.TryAdd(names.Text("kind"), owner);
        _kinds.TryAdd(names.Text("listKind"), owner);
    }

    /// <param name="asked">What the definition's spec says.</param>
    /// <param name="accepted">What it was given before; empty for a new one.</param>
    public NamingResult Decide(string owner, JsonObject asked, JsonObject accepted)
    {
        var given = (JsonObject)accepted.DeepClone();
        string reason = "", message = "";
        foreach (var (field, conflict, taken) in ((string, string, Dictionary<string, string>)[])
            [("plural", "PluralConflict", _resources), ("singular", "SingularConflict", _resources), ("kind", "KindConflict", _kinds), ("listKind", "ListKindConflict", _kinds)])
        {
            var name = asked.Text(field);
            if (name.Length > 0 && IsTaken(taken, name, owner))
            {
                (reason, message) = (conflict, $"\"{name}\" is already in use");
            }
            else
            {
                given.Take(field, asked);
            }
        }

        var clashing = asked["shortNames"].Texts().Where(name => IsTaken(_resources, name, owner)).ToList();
        if (clashing.Count > 0)
        {
            (reason, message) = ("ShortNamesConflict", string.Join(", ", clashing.Select(name => $"\"{name}\" is already in use")));
        }
        else
        {
            given.Take("shortNames", asked);
        }

        given.Take("categories", asked);
        return new NamingResult(given, reason, message);
    }

    private static bool IsTaken(Dictionary<string, string> taken, string name, string owner) =>
        taken.TryGetValue(name, out var other) && other != owner;
}

/// <param name="Accepted">The names the definition is served by.</param>
/// <param name="Reason">Why it did not get all it asked for; empty when it did.</param>
internal sealed record NamingResult(JsonObject Accepted, string Reason, string Message)
{
    public bool IsAccepted => Reason.Length == 0;
}

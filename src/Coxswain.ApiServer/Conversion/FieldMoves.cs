using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Conversion;

/// <summary>Moves values between the names and places two versions have for them.</summary>
internal static class FieldMoves
{
    /// <summary>Renames a property; what had the new name is gone.</summary>
    public static void Move(this JsonObject document, string from, string to) => document.MoveTo(from, document, to);

    /// <summary>Takes a property out and puts it into another object, if there is one.</summary>
    public static void MoveTo(this JsonObject document, string from, JsonObject target, string to)
    {
        var value = document[from];
        document.Remove(from);
        if (value is not null)
        {
            target[to] = value;
        }
    }
}

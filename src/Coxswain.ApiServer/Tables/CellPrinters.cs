using Coxswain.Api;

namespace Coxswain.ApiServer.Tables;

/// <summary>The text of each column for each kind.</summary>
internal static class CellPrinters
{
    public static object?[] Print(IKubeObject obj, IReadOnlyList<ApiColumn> columns, DateTimeOffset now)
    {
        var cells = new object?[columns.Count];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = Cell(obj, columns[i].Name, now);
        }

        return cells;
    }

    private static object? Cell(IKubeObject obj, string column, DateTimeOffset now) => column switch
    {
        "Name" => obj.Metadata.Name,
        "Age" => Ages.Since(obj.Metadata.CreationTimestamp, now),
        "Created At" => obj.Metadata.CreationTimestamp is { } created ? KubeTime.Format(created) : "<unknown>",
        _ => "",
    };
}

using System.Text;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Rendering;

/// <summary>The tables of <c>docker images</c> and <c>docker history</c>, as lines of text.</summary>
public static class ImageTable
{
    private const int MostCreatedBy = 45;

    /// <summary>One line for each name of each image; dangling images show <c>&lt;none&gt;</c>.</summary>
    public static IReadOnlyList<string> Images(IReadOnlyList<Image> images, DateTimeOffset now, bool fullIds = false)
    {
        var rows = new List<string[]> { new[] { "REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE" } };
        foreach (var image in images)
        {
            var id = fullIds ? image.Id.ToString() : image.Id.Short;
            var created = HumanUnits.Ago(image.Configuration.Created, now);
            var size = HumanUnits.Size(image.SizeBytes);
            if (image.Tags.Count == 0)
            {
                var repository = image.RepositoryDigests.Count == 0
                    ? "<none>"
                    : ImageReference.Parse(image.RepositoryDigests[0]).FamiliarRepository;
                rows.Add([repository, "<none>", id, created, size]);
            }

            foreach (var tag in image.Tags)
            {
                rows.Add([tag.FamiliarRepository, tag.Tag ?? "<none>", id, created, size]);
            }
        }

        return Align(rows);
    }

    public static IReadOnlyList<string> History(IReadOnlyList<ImageHistoryLine> history, DateTimeOffset now, bool full = false)
    {
        var rows = new List<string[]> { new[] { "IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT" } };
        foreach (var line in history)
        {
            var id = line.Id is { } known ? full ? known.ToString() : known.Short : "<missing>";
            rows.Add([id, HumanUnits.Ago(line.Created, now), CreatedBy(line.CreatedBy, full), HumanUnits.Size(line.SizeBytes), line.Comment]);
        }

        return Align(rows);
    }

    private static string CreatedBy(string text, bool full)
    {
        text = text.ReplaceLineEndings(" ").Replace('\t', ' ');
        return full || text.Length <= MostCreatedBy ? text : text[..(MostCreatedBy - 1)] + "…";
    }

    /// <summary>Columns three blanks apart, as Docker's.</summary>
    private static List<string> Align(List<string[]> rows)
    {
        const int Gap = 3;
        var widths = new int[rows[0].Length];
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        var lines = new List<string>(rows.Count);
        foreach (var row in rows)
        {
            var line = new StringBuilder();
            for (var i = 0; i < row.Length; i++)
            {
                line.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(widths[i] + Gap));
            }

            lines.Add(line.ToString().TrimEnd());
        }

        return lines;
    }
}

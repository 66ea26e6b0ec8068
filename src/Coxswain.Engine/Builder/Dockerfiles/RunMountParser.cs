using System.Globalization;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>Reads <c>RUN --mount</c>. What it does not know it refuses: a mount that is not quite as asked fails far from its cause.</summary>
internal static class RunMountParser
{
    private static readonly string[] CacheKeys =
        ["type", "id", "target", "dst", "destination", "sharing", "mode", "uid", "gid", "ro", "readonly", "rw", "readwrite"];

    private static readonly string[] MemoryKeys = ["type", "target", "dst", "destination", "size"];

    public static RunMount Parse(string text, int line)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in text.Split(','))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (!fields.TryAdd(equals < 0 ? field : field[..equals], equals < 0 ? "" : field[(equals + 1)..]))
            {
                throw new DockerfileException(line, $"duplicate option in RUN --mount={text}");
            }
        }

        var type = fields.GetValueOrDefault("type", "bind");
        if (type is not ("cache" or "tmpfs"))
        {
            throw new DockerfileException(
                line, $"RUN --mount=type={type} is not supported: use cache or tmpfs, or COPY what the command needs");
        }

        var known = type == "cache" ? CacheKeys : MemoryKeys;
        if (fields.Keys.FirstOrDefault(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new DockerfileException(line, $"RUN --mount=type={type} with \"{unknown}\" is not supported");
        }

        var target = fields.GetValueOrDefault("target") ?? fields.GetValueOrDefault("dst") ?? fields.GetValueOrDefault("destination") ?? "";
        if (target.Length == 0)
        {
            throw new DockerfileException(line, "RUN --mount needs a target");
        }

        return new RunMount(type, target, fields.GetValueOrDefault("id") is { Length: > 0 } id ? id : target)
        {
            ReadOnly = Flag("ro") || Flag("readonly"),
            Sharing = fields.GetValueOrDefault("sharing", "shared") switch
            {
                "shared" => CacheSharing.Shared,
                "private" => CacheSharing.Private,
                "locked" => CacheSharing.Locked,
                var other => throw new DockerfileException(line, $"RUN --mount: sharing={other} is none of shared, private and locked"),
            },
            Mode = Number("mode", 8, 0x1ED) & 0xFFF,
            Uid = Number("uid", 10, 0),
            Gid = Number("gid", 10, 0),
            Size = fields.GetValueOrDefault("size", ""),
        };

        bool Flag(string name) => fields.TryGetValue(name, out var value)
            && value switch
            {
                "" or "true" or "1" => true,
                "false" or "0" => false,
                _ => throw new DockerfileException(line, $"RUN --mount: {name}={value} is neither true nor false"),
            };

        uint Number(string name, int radix, uint otherwise)
        {
            if (!fields.TryGetValue(name, out var value))
            {
                return otherwise;
            }

            try
            {
                return radix == 8 ? Convert.ToUInt32(value, 8) : uint.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
            }
            catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
            {
                throw new DockerfileException(line, $"RUN --mount: {name}={value} is not a number");
            }
        }
    }
}

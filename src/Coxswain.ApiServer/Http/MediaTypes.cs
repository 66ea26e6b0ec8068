namespace Coxswain.ApiServer.Http;

/// <summary>The form a client wants its answer in, from its Accept header.</summary>
internal enum AnswerForm
{
    Object,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,
}

/// <summary>What was negotiated.</summary>
/// <param name="IsYaml">The object form as YAML.</param>
internal readonly record struct Acceptance(AnswerForm Form, bool IsYaml)
{
    public static readonly Acceptance Json = new(AnswerForm.Object, false);

    /// <summary>Null when nothing the client accepts can be made.</summary>
    public static Acceptance? Parse(string accept)
    {
        if (accept.Length == 0 || accept is "*/*" or "application/json")
        {
            return Json;
        }

        foreach (var range in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            var isYaml = parts[0] is "application/yaml" or "text/yaml";
            if (!isYaml && parts[0] is not ("application/json" or "*/*" or "application/*"))
            {
                continue;
            }

            string form = "", version = "v1", apiGroup = "";
            foreach (var part in parts.AsSpan(1))
            {
                if (part.StartsWith("as=", StringComparison.Ordinal))
                {
                    form = part[3..];
                }
                else if (part.StartsWith("v=", StringComparison.Ordinal))
                {
                    version = part[2..];
                }
                else if (part.StartsWith("g=", StringComparison.Ordinal))
                {
                    apiGroup = part[2..];
                }
            }

            if (form.Length == 0)
            {
                return new Acceptance(AnswerForm.Object, isYaml);
            }

            // v1beta1 tables differ only in their apiVersion; clients that ask for them ask for v1 first.
            if (!isYaml && apiGroup == "meta.k8s.io" && version == "v1" && Enum.TryParse<AnswerForm>(form, out var known) && known != AnswerForm.Object)
            {
                return new Acceptance(known, false);
            }
        }

        return null;
    }
}

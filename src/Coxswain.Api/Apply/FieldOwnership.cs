using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>
/// The rules of ownership, as https://kubernetes.io/docs/reference/using-api/server-side-apply/ tells them: whoever changes a field
/// owns it, what an applier stops saying is removed unless somebody else owns it, and an applier that would change what
/// others own is told so.
/// </summary>
/// <param name="schema">Of the version written.</param>
/// <param name="versions">For managers that write in other versions.</param>
/// <param name="mayOwn">What of a set a writer can own here; a write to a subresource resets the rest.</param>
/// <param name="now">As the API writes times.</param>
public sealed class FieldOwnership(Schema schema, IObjectVersions versions, Func<FieldSet, FieldSet> mayOwn, string now)
{
    /// <summary>Who owns what was there before the first apply.</summary>
    private const string BeforeFirstApply = "before-first-apply";

    /// <summary>What an object is, rather than what somebody says of it.</summary>
    private static readonly FieldSet Identity = FieldSet.All(
        FieldSet.Of("apiVersion"), FieldSet.Of("kind"), FieldSet.Of("metadata"), FieldSet.Of("metadata", "name"),
        FieldSet.Of("metadata", "namespace"), FieldSet.Of("metadata", "creationTimestamp"), FieldSet.Of("metadata", "selfLink"),
        FieldSet.Of("metadata", "uid"), FieldSet.Of("metadata", "clusterName"), FieldSet.Of("metadata", "generation"),
        FieldSet.Of("metadata", "managedFields"), FieldSet.Of("metadata", "resourceVersion"));

    /// <summary>After a write that is not an apply: who wrote owns what it changed, and nobody what is gone.</summary>
    /// <param name="before">Empty for a create.</param>
    /// <param name="among">Which of the object's own fields the write can have changed; null for all.</param>
    public ManagedFields Update(
        ManagedFields managed, JsonObject before, JsonObject after, FieldManager writer, Func<string, bool>? among = null)
    {
        var comparison = FieldComparison.Of(before, after, schema, among);
        if (comparison.IsSame)
        {
            return managed;
        }

        var own = mayOwn(comparison.Changed).Difference(Identity);
        if (managed.IsEmpty)
        {
            return ManagedFields.Of([new ManagedFieldSet(writer, now, own)]);
        }

        var comparisons = new Dictionary<string, FieldComparison?>(StringComparer.Ordinal) { [writer.ApiVersion] = comparison };
        var entries = new List<ManagedFieldSet>(managed.Entries.Count + 1);
        var found = false;
        foreach (var entry in Reconcile(managed))
        {
            if (entry.Manager.IsSame(writer))
            {
                var kept = entry with { Fields = entry.Fields.Difference(comparison.Removed).Union(own) };
                entries.Add(own.IsEmpty ? kept : kept with { Time = now });
                found = true;
            }
            else if (ComparisonIn(entry.Manager.ApiVersion) is { } theirs)
            {
                entries.Add(entry with { Fields = entry.Fields.Difference(theirs.Changed).Difference(theirs.Removed) });
            }
        }

        if (!found && !own.IsEmpty)
        {
            entries.Add(new ManagedFieldSet(writer, now, own));
        }

        return ManagedFields.Of(entries).Capped();

        FieldComparison? ComparisonIn(string apiVersion)
        {
            if (!comparisons.TryGetValue(apiVersion, out var known))
            {
                known = Compare(before, after, writer.ApiVersion, apiVersion, among);
                comparisons.Add(apiVersion, known);
            }

            return known;
        }
    }

    /// <param name="live">What stands, in the version written; stays as it is.</param>
    /// <param name="configuration">What the applier says; stays as it is.</param>
    /// <param name="force">Take what others own.</param>
    public ApplyResult Apply(ManagedFields managed, JsonObject live, JsonObject configuration, FieldManager applier, bool force)
    {
        if (managed.IsEmpty && live.ContainsKey("metadata"))
        {
            managed = Update(managed, [], live, new FieldManager(BeforeFirstApply, Applies: false, applier.ApiVersion));
        }

        var entries = Reconcile(managed).ToList();
        var last = entries.Find(entry => entry.Manager.IsSame(applier));
        entries.RemoveAll(entry => entry.Manager.IsSame(applier));
        var said = mayOwn(ObjectFields.Of(configuration, schema));
        var document = (JsonObject)live.DeepClone();
        ObjectMerge.Apply(document, configuration, schema);
        if (last is not null)
        {
            document = WithoutGivenUp(document, last, applier.ApiVersion, [.. entries, new ManagedFieldSet(applier, "", said)]);
        }

        var conflicts = new List<FieldConflict>();
        var contested = FieldSet.Empty;
        var comparisons = new Dictionary<string, FieldComparison?>(StringComparer.Ordinal);
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            var entry = entries[i];
            if (!comparisons.TryGetValue(entry.Manager.ApiVersion, out var comparison))
            {
                comparison = Compare(live, document, applier.ApiVersion, entry.Manager.ApiVersion);
                comparisons.Add(entry.Manager.ApiVersion, comparison);
            }

            if (comparison is null)
            {
                entries.RemoveAt(i);
                continue;
            }

            var taken = entry.Fields.Intersection(comparison.Changed);
            contested = contested.Union(taken);
            conflicts.AddRange(taken.Paths().Select(path => new FieldConflict(entry.Manager, path)));
            entries[i] = entry with { Fields = entry.Fields.Difference(taken).Difference(comparison.Removed) };
        }

        if (conflicts.Count > 0 && !force)
        {
            return new ApplyResult(null, managed, [.. conflicts.OrderBy(conflict => conflict.Manager.Name, StringComparer.Ordinal)], contested);
        }

        var owned = said.Difference(Identity);
        var isSame = last is not null && JsonEquality.Equal(live, document) && owned.Equals(last.Fields);
        entries.Add(new ManagedFieldSet(applier, isSame ? last!.Time : now, isSame ? last!.Fields : owned)); // the same as the last
        return ApplyResult.Of(document, ManagedFields.Of(entries));
    }

    /// <summary>Which of the fields a configuration once said still have the value it said.</summary>
    public FieldSet StillAs(JsonObject configuration, JsonObject live)
    {
        var comparison = FieldComparison.Of(configuration, live, schema);
        return ObjectFields.Of(configuration, schema).Difference(comparison.Changed).Difference(comparison.Removed);
    }

    /// <summary>Removes what the applier owned and neither it nor anybody else owns now.</summary>
    private JsonObject WithoutGivenUp(JsonObject merged, ManagedFieldSet last, string apiVersion, List<ManagedFieldSet> owners)
    {
        var said = owners[^1].Fields;
        if (last.Manager.ApiVersion == apiVersion && last.Fields.Difference(said).IsEmpty)
        {
            return merged;
        }

        if (versions.SchemaOf(last.Manager.ApiVersion) is not { } lastSchema)
        {
            return merged;
        }

        // In the version of what is given up, and then in each other in which something is owned.
        var lastFields = last.Fields.WithNamedFields(lastSchema);
        var whole = new Versioned(Convert(merged, apiVersion, last.Manager.ApiVersion), last.Manager.ApiVersion, lastSchema);
        var rest = whole.Without(lastFields);
        foreach (var others in owners.GroupBy(owner => owner.Manager.ApiVersion).OrderBy(group => group.Key == last.Manager.ApiVersion ? 0 : 1))
        {
            if (versions.SchemaOf(others.Key) is not { } theirs)
            {
                continue;
            }

            whole = new Versioned(Convert(whole.Document, whole.ApiVersion, others.Key), others.Key, theirs);
            rest = new Versioned(Convert(rest.Document, rest.ApiVersion, others.Key), others.Key, theirs);
            var owned = FieldSet.All(others.Select(owner => owner.Fields)).WithNamedFields(theirs);
            rest = whole.Without(whole.Fields.Difference(rest.Fields.Union(owned)));
        }

        whole = new Versioned(Convert(whole.Document, whole.ApiVersion, last.Manager.ApiVersion), last.Manager.ApiVersion, lastSchema);
        rest = new Versioned(Convert(rest.Document, rest.ApiVersion, last.Manager.ApiVersion), last.Manager.ApiVersion, lastSchema);
        var kept = whole.Without(whole.Fields.Difference(rest.Fields).Intersection(lastFields));
        return Convert(kept.Document, kept.ApiVersion, apiVersion);
    }

    private IEnumerable<ManagedFieldSet> Reconcile(ManagedFields managed) => managed.Entries.Select(entry =>
        versions.SchemaOf(entry.Manager.ApiVersion) is { } theirs && entry.Fields.Reconcile(theirs) is var fields && !ReferenceEquals(fields, entry.Fields)
            ? entry with { Fields = fields } : entry);

    /// <summary>Null when the version is not served any more.</summary>
    private FieldComparison? Compare(
        JsonObject before, JsonObject after, string from, string to, Func<string, bool>? among = null)
    {
        if ((from == to ? schema : versions.SchemaOf(to)) is not { } theirs)
        {
            return null;
        }

        // What the write will not change is no difference.
        var (changed, removed) = FieldComparison.Of(
            before.Count == 0 ? before : Convert(before, from, to), Convert(after, from, to), theirs, among);
        return new FieldComparison(mayOwn(changed), mayOwn(removed));
    }

    private JsonObject Convert(JsonObject document, string from, string to) => from == to ? document : versions.Convert(document, from, to);

    private readonly record struct Versioned(JsonObject Document, string ApiVersion, Schema Schema)
    {
        public FieldSet Fields => ObjectFields.Of(Document, Schema).WithNamedFields(Schema);

        public Versioned Without(FieldSet fields)
        {
            if (fields.IsEmpty)
            {
                return this;
            }

            var document = (JsonObject)Document.DeepClone();
            FieldSelection.Remove(document, fields, Schema);
            return this with { Document = document };
        }
    }
}

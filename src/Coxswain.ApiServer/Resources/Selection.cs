using Coxswain.Api.Errors;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>The label and field selectors of one list or watch, checked against what the resource can be selected by.</summary>
internal sealed class Selection
{
    private const string NameField = "metadata.name";
    private const string NamespaceField = "metadata.namespace";

    private readonly LabelSelector _labels;
    private readonly IReadOnlyList<Requirement> _fields;
    private readonly ServedResource _resource;

    private Selection(ServedResource resource, LabelSelector labels, FieldSelector fields)
    {
        _resource = resource.Storage;
        _labels = labels;
        _fields = [.. fields.Requirements.Select(requirement => Read(resource, requirement.Field, requirement.Value, requirement.Negated))];
        Name = fields.RequiredValue(NameField);
    }

    public bool IsEverything => _labels.IsEmpty && _fields.Count == 0;

    /// <summary>The only name that can match; null when any can.</summary>
    public string? Name { get; }

    /// <exception cref="KubeStatusException">A selector is malformed or names a field the resource is not selected by.</exception>
    public static Selection Parse(ServedResource resource, string labelSelector, string fieldSelector)
    {
        var labels = labelSelector.Length == 0 ? LabelSelector.Everything : LabelSelector.Parse(labelSelector);
        var fields = fieldSelector.Length == 0 ? FieldSelector.Everything : FieldSelector.Parse(fieldSelector);
        return new Selection(resource, labels, fields);
    }

    /// <param name="entry">In the stored version.</param>
    public bool Matches(StoreEntry entry)
    {
        foreach (var requirement in _fields)
        {
            if (ValueOf(entry, requirement) == requirement.Value == requirement.Negated)
            {
                return false;
            }
        }

        return _labels.IsEmpty || _labels.Matches(StoredObject.Of(entry).Labels);
    }

    /// <summary>
    /// What all keys begin with that can match: of one name when only one can, so that a watch of it does not wake for the others.
    /// </summary>
    public string Prefix(ServedResource resource, string @namespace) =>
        Name is { Length: > 0 } name && (!resource.Resource.Namespaced || @namespace.Length > 0)
            ? resource.Key(@namespace, name) : resource.Prefix(@namespace);

    private static Requirement Read(ServedResource resource, string field, string value, bool negated)
    {
        if (field == NameField || (field == NamespaceField && resource.Resource.Namespaced))
        {
            return new Requirement(field, value, negated, Index: -1);
        }

        var stored = resource.Converter?.StoredField(field) ?? field;
        var known = resource.Rules.SelectableFields;
        for (var i = 0; i < known.Count; i++)
        {
            if (known[i].Name == stored)
            {
                return new Requirement(stored, value, negated, i);
            }
        }

        // kubectl puts the resource and the selectors before this by itself.
        throw new KubeStatusException(Statuses.BadRequest($"field label not supported: {field}"));
    }

    private string ValueOf(StoreEntry entry, Requirement requirement)
    {
        if (requirement.Index >= 0 && !_resource.IsTyped)
        {
            // Which fields these are may change while the entry stays, so what was read is not kept with it.
            return Read(entry, _resource.Rules.SelectableFields[requirement.Index]);
        }

        if (requirement.Index >= 0)
        {
            return StoredObject.Of(entry).Field(requirement.Index, _resource, static (entry, resource, index) =>
            {
                return Read(entry, resource.Rules.SelectableFields[index]);
            });
        }

        // A key ends in the namespace, if the resource has them, and the name.
        var key = entry.Key.AsSpan(_resource.KeyPrefix.Length);
        var slash = key.IndexOf('/');
        return (requirement.Field == NameField ? key[(slash + 1)..] : key[..Math.Max(slash, 0)]).ToString();
    }

    private static string Read(StoreEntry entry, SelectableField field)
    {
        var value = FieldReader.Read(entry.Value.Span, field.Path);
        return value.Length > 0 ? value : field.Zero;
    }

    /// <param name="Index">Which of the resource's selectable fields; -1 for what the key says.</param>
    private sealed record Requirement(string Field, string Value, bool Negated, int Index);
}

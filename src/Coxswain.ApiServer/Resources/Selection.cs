using Coxswain.Api;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>The label and field selectors of one list or watch, checked against what the resource can be selected by.</summary>
internal sealed class Selection
{
    private readonly LabelSelector _labels;
    private readonly FieldSelector _fields;

    private Selection(LabelSelector labels, FieldSelector fields)
    {
        _labels = labels;
        _fields = fields;
        Name = fields.RequiredValue("metadata.name");
    }

    public bool IsEverything => _labels.IsEmpty && _fields.IsEmpty;

    /// <summary>The only name that can match; null when any can.</summary>
    public string? Name { get; }

    /// <exception cref="KubeStatusException">A selector is malformed or names a field the resource is not selected by.</exception>
    public static Selection Parse(ServedResource resource, string labelSelector, string fieldSelector)
    {
        var labels = labelSelector.Length == 0 ? LabelSelector.Everything : LabelSelector.Parse(labelSelector);
        var fields = fieldSelector.Length == 0 ? FieldSelector.Everything : FieldSelector.Parse(fieldSelector);
        foreach (var requirement in fields.Requirements)
        {
            if (!SelectableFields.Contains(resource, requirement.Field))
            {
                // kubectl puts the resource and the selectors before this by itself.
                throw new KubeStatusException(Statuses.BadRequest($"field label not supported: {requirement.Field}"));
            }
        }

        return new Selection(labels, fields);
    }

    public bool Matches(StoreEntry entry)
    {
        foreach (var requirement in _fields.Requirements)
        {
            if (ValueOf(entry, requirement.Field) == requirement.Value == requirement.Negated)
            {
                return false;
            }
        }

        return _labels.IsEmpty || _labels.Matches(StoredObject.Of(entry).Labels);
    }

    private static string ValueOf(StoreEntry entry, string field)
    {
        var value = FieldReader.Read(entry.Value.Span, SelectableFields.PathOf(field));
        return value.Length > 0 ? value : SelectableFields.ZeroOf(field);
    }
}

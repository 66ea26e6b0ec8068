namespace Coxswain.Api.Schemata;

/// <summary>What JSON a <see cref="Schema"/> node describes.</summary>
public enum SchemaType
{
    String,
    Boolean,
    Int32,
    Int64,
    Double,

    /// <summary>Base64 in JSON.</summary>
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Duration,

    /// <summary>Any JSON, kept as it came.</summary>
    Raw,
    Struct,
    List,
    Map,
}

/// <summary>How two writers' lists are combined: as one value, by their items, or by their items' keys.</summary>
public enum ListType
{
    Atomic,
    Set,
    Map,
}

/// <summary>How a strategic merge patch treats a list.</summary>
public enum PatchStrategy
{
    Replace,
    Merge,
}

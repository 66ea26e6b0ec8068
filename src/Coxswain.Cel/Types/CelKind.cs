namespace Coxswain.Cel.Types;

public enum CelKind
{
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List,
    Map,

    /// <summary>With fields that are known.</summary>
    Object,

    /// <summary>Known to a library's functions only.</summary>
    Opaque,
    Type,

    /// <summary>Any one type, in a signature.</summary>
    Parameter,
}

using Coxswain.Cel;

namespace Coxswain.ApiServer.Expressions;

/// <summary>
/// What expressions compile to, for all who use them: the same words in the same scope are compiled once. Two generations of at
/// most <see cref="Capacity"/> each: what is asked for stays, what is not is forgotten with the older one.
/// </summary>
internal sealed class CompiledExpressions
{
    public const int Capacity = 4096;

    public static readonly CompiledExpressions Shared = new();

    private readonly Lock _gate = new();
    private Dictionary<(string Scope, string Source), CelCompilation> _young = [];
    private Dictionary<(string Scope, string Source), CelCompilation> _old = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _young.Count + _old.Count;
            }
        }
    }

    /// <param name="scope">Names the environment: what variables there are, and of which types.</param>
    public CelCompilation Compile(string scope, CelEnvironment environment, string source)
    {
        lock (_gate)
        {
            if (_young.TryGetValue((scope, source), out var known))
            {
                return known;
            }

            if (_old.Remove((scope, source), out known))
            {
                Put(scope, source, known);
                return known;
            }
        }

        var compiled = environment.Compile(source);
        lock (_gate)
        {
            Put(scope, source, compiled);
        }

        return compiled;
    }

    private void Put(string scope, string source, CelCompilation compiled)
    {
        if (_young.Count >= Capacity)
        {
            (_old, _young) = (_young, _old);
            _young.Clear();
        }

        _young[(scope, source)] = compiled;
    }
}

using Coxswain.Api.Schemata;
using Coxswain.Cel.Functions;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Tests;

/// <summary>The functions Kubernetes adds, by its documentation's examples.</summary>
public class KubernetesFunctionTests
{
    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes(
        new Dictionary<string, CelType> { ["object"] = CelType.Dyn, ["text"] = CelType.String }, SchemaPattern.CompileRegex);

    [Theory]
    [InlineData("[1, 2, 3].isSorted() && !['b', 'a'].isSorted() && [].isSorted()")]
    [InlineData("[1, 3].sum() == 4 && [1.0, 3.0].sum() == 4.0 && [duration('1m'), duration('1s')].sum() == duration('61s')")]
    [InlineData("[1, 3].min() == 1 && ['a', 'c', 'b'].max() == 'c'")]
    [InlineData("[1, 2, 2, 3].indexOf(2) == 1 && [1, 2, 2, 3].lastIndexOf(2) == 2 && [1].indexOf(5) == -1")]
    [InlineData("'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''")]
    [InlineData("'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && '123 abc 456'.findAll('[0-9]+', 1) == ['123']")]
    [InlineData("isURL('https://user:pass@example.com:80/path?query=val#fragment') && !isURL('foo/bar')")]
    [InlineData("url('https://example.com:80/').getHost() == 'example.com:80' && url('/path').getHost() == ''")]
    [InlineData("url('https://[::1]:80/a%20b').getHostname() == '::1' && url('https://[::1]:80/a%20b').getPort() == '80' && url('https://[::1]:80/a%20b').getEscapedPath() == '/a%20b'")]
    [InlineData("url('https://example.com/?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']}")]
    [InlineData("quantity('1.5G').isGreaterThan(quantity('1Gi')) && isQuantity('1.3Gi') && !isQuantity('10Gx')")]
    [InlineData("quantity('50k').add(20) == quantity('50020') && quantity('50k').sub(quantity('20k')).asInteger() == 30000")]
    [InlineData("quantity('1000m') == quantity('1') && quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('-1').sign() == -1")]
    [InlineData("isIP('::1') && !isIP('1.2.3.256') && ip('127.0.0.1').isLoopback() && ip('fe80::1').family() == 6")]
    [InlineData("cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsCIDR('192.168.0.0/23') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')")]
    [InlineData("!format.dns1123Label().validate('my-label-name').hasValue() && format.dns1123Label().validate('My').value().size() == 1")]
    [InlineData("format.named('uuid').hasValue() && !format.named('nothing').hasValue()")]
    [InlineData("semver('1.2.3').major() == 1 && semver('1.0.0-alpha').isLessThan(semver('1.0.0')) && !isSemver('v1.0') && isSemver('v1.0', true)")]
    [InlineData("sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])")]
    [InlineData("'this is a string: %s\\nand an integer: %d'.format(['str', 42]) == 'this is a string: str\\nand an integer: 42'")]
    [InlineData("cel.bind(x, 'a', x + x) == 'aa'")]
    [InlineData("[1, 2].transformMap(i, v, v * 2) == {0: 2, 1: 4}")]
    [InlineData("object.?spec.?replicas.orValue(3) == 5 && object.?spec.?nothing.orValue(3) == 3")]
    [InlineData("has(object.spec.replicas) && !has(object.spec.other) && object.spec.items.all(i, i.name.startsWith('n'))")]
    [InlineData("text.matches('^[a-z]+$') && text.size() == 5")]
    public void Example_IsTrue(string source)
    {
        var compiled = Environment.Compile(source);
        Assert.True(compiled.Program is not null, compiled.Message);
        var result = compiled.Program.Evaluate(Value, 1_000_000);
        Assert.True(result.Value is true, result.Error ?? CelText.Of(result.Value));
    }

    [Theory]
    [InlineData("object.spec.replicas <= 5 &", "ERROR: <input>:1:27: Syntax error: token recognition error at: '&'")]
    [InlineData("objet.spec", "ERROR: <input>:1:1: undeclared reference to 'objet' (in container '')\n | objet.spec\n | ^")]
    [InlineData("1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'")]
    [InlineData("text.starts('a')", "undeclared reference to 'starts'")]
    [InlineData("text.field", "type 'string' does not support field selection")]
    [InlineData("[1, 'a']", "expected type 'int' but found 'string'")]
    [InlineData("has(text)", "invalid argument to has() macro")]
    [InlineData("'a", "Syntax error")]
    [InlineData("for.x", "reserved identifier: for")]
    public void Compile_WhatIsWrong_IsSaid(string source, string message) => Assert.Contains(message, Environment.Compile(source).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("object.spec.nothing", "no such key: nothing")]
    [InlineData("1 / (text.size() - 5)", "division by zero")]
    [InlineData("object.spec.items[7]", "index out of bounds: 7")]
    [InlineData("text.matches('(')", "error parsing regexp")]
    public void Evaluate_WhatHasNoValue_IsAnError(string source, string message) =>
        Assert.Contains(message, Environment.Compile(source).Program!.Evaluate(Value, 1_000_000).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, [1,2,3,4,5,6,7,8,9,10].map(f, f)))))).size() > 0")]
    [InlineData("cel.bind(a, text + text + text + text, cel.bind(b, a + a + a + a + a + a + a + a, cel.bind(c, b.replace('e', b), c.replace('e', c).replace('e', c).replace('e', c)))) == ''")]
    public void Evaluate_WhatCostsTooMuch_IsEnded(string source)
    {
        var result = Environment.Compile(source).Program!.Evaluate(Value, 100_000);
        Assert.True(result.IsTooCostly);
        Assert.InRange(result.Cost, 100_000, 100_000_000_000);
    }

    [Fact]
    public void Parse_BeyondItsBounds_IsAnIssue()
    {
        Assert.Contains("recursion limit", Environment.Compile(new string('(', 100_000)).Message, StringComparison.Ordinal);
        Assert.Contains("recursion limit", Environment.Compile(string.Concat(Enumerable.Repeat("text.", 300))).Message, StringComparison.Ordinal);
        Assert.Contains("exceeds limit", Environment.Compile(new string(' ', 100_001)).Message, StringComparison.Ordinal);
        Assert.NotNull(Environment.Compile(string.Join(" || ", Enumerable.Repeat("text == 'a'", 2000))).Program);
    }

    private static object? Value(string name) => name == "text" ? "hello" : CelMap.Of(
        [new("spec", CelMap.Of([new("replicas", 5L), new("items", CelList.Of(CelMap.Of([new("name", "n1")])!))])!)]);

    [Theory]
    [InlineData("Made{a: 1, ?b: optional.none()}", true)]
    [InlineData("Made{a: 'x'}", false)]
    [InlineData("Made{c: 1}", false)]
    [InlineData("Other{}", false)]
    public void Struct_OfAKnownType_IsMadeOfItsFields(string source, bool compiles)
    {
        var made = CelType.Object("Made", () => new Dictionary<string, CelType>());
        var environment = Environment.Making(name => name == "Made"
            ? new CelStructType(made, field => field switch { "a" => CelType.Int, "b" => CelType.Dyn, _ => null }) : null);

        var compiled = environment.Compile(source);

        Assert.Equal(compiles, compiled.Program is not null);
        if (compiled.Program is { } program)
        {
            var value = Assert.IsType<CelStruct>(program.Evaluate(_ => null, 1000).Value);
            Assert.Equal("Made", value.TypeName);
            Assert.Equal(["a"], value.Keys);
        }
    }

    [Fact]
    public void Authorizer_Questions_AreWholeBeforeTheyAreAsked()
    {
        var environment = Environment.With([new("authorizer", CelAuthorizer.AuthorizerType)]);
        CelAccessCheck? asked = null;
        var authorizer = new CelAuthorizer(new CelAccessCheck(), check =>
        {
            asked = check;
            return new CelDecision(true, "because");
        });

        var result = environment.Compile("""
            authorizer.serviceAccount('ns', 'sa').group('apps').resource('deployments').subresource('scale').namespace('n').name('d').check('get').reason()
            """).Program!.Evaluate(_ => authorizer, 1_000_000);

        Assert.Equal("because", result.Value);
        Assert.Equal(
            new CelAccessCheck("", "get", "apps", "deployments") { Subresource = "scale", Namespace = "n", Name = "d", ServiceAccount = ("ns", "sa") }, asked);
    }
}

using Coxswain.Api.Scalars;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Api.Tests;

public class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.5", "500m")]
    [InlineData("1", "1")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1000", "1k")]
    [InlineData("1024", "1024")]
    [InlineData("1Ki", "1Ki")]
    [InlineData("0.5Ki", "512")]
    [InlineData("0.1Ki", "102400m")]
    [InlineData("-1.5", "-1500m")]
    [InlineData("+2", "2")]
    [InlineData("1e3", "1e3")]
    [InlineData("12E2", "1200")]
    [InlineData("1E", "1E")]
    [InlineData("1e-3", "1e-3")]
    [InlineData("0.000000001", "1n")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("1.0000000001", "1000000001n")]
    [InlineData("-0.0000000001", "-1n")]
    [InlineData(".5", "500m")]
    [InlineData("5.", "5")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("100000000000000000000", "9223372036854775807")]
    [InlineData("8Ei", "9223372036854775807")]
    [InlineData("1e100", "9223372036854775807")]
    [InlineData("1e-100", "1e-9")]
    [InlineData("100Ti", "100Ti")]
    [InlineData("0Gi", "0")]
    [InlineData("3000000000", "3G")]
    public void ToString_AnyForm_IsCanonical(string text, string canonical) => Assert.Equal(canonical, Quantity.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1x")]
    [InlineData("1.2.3")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("1mi")]
    [InlineData("1 Gi")]
    [InlineData("1e")]
    [InlineData("--1")]
    [InlineData("1KiB")]
    public void TryParse_WhatIsNoQuantity_IsRefused(string text)
    {
        Assert.False(Quantity.TryParse(text, out _));
        Assert.NotEmpty(Quantity.ParseError(text));
    }

    [Theory]
    [InlineData("1Gi", "512Mi", "1536Mi")]
    [InlineData("100m", "900m", "1")]
    [InlineData("0", "1Gi", "1Gi")]
    [InlineData("1", "1Gi", "1073741825")]
    public void Add_TwoAmounts_KeepsTheFormOfTheFirst(string left, string right, string sum) =>
        Assert.Equal(sum, (Quantity.Parse(left) + Quantity.Parse(right)).ToString());

    [Fact]
    public void MilliValue_Fractions_RoundAwayFromZero()
    {
        Assert.Equal(1, Quantity.Parse("100u").MilliValue);
        Assert.Equal(-1, Quantity.Parse("-100u").MilliValue);
        Assert.Equal(2, Quantity.Parse("1100m").LongValue);
        Assert.Equal(long.MaxValue, Quantity.Parse("8Ei").MilliValue);
    }

    [Fact]
    public void ToString_AnyQuantity_ParsesToTheSameAndIsStable()
    {
        var suffixes = Gen.Elements("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-4", "e12");
        var texts = from whole in Gen.Choose(-1_000_000, 1_000_000)
                    from fraction in Gen.Choose(0, 999)
                    from suffix in suffixes
                    select $"{whole}.{fraction:000}{suffix}";
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var parsed = Quantity.Parse(text);
            var again = Quantity.Parse(parsed.ToString());
            return parsed == again && parsed.ToString() == again.ToString() && !parsed.ToString().Contains('.');
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Arithmetic_AnyMillis_IsExact() =>
        Prop.ForAll<int, int>((left, right) =>
        {
            var (a, b) = (Quantity.FromMilli(left), Quantity.FromMilli(right));
            return (a + b).MilliValue == (long)left + right && a + b - b == a && a.CompareTo(b) == left.CompareTo(right);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void TryParse_AnyText_NeverThrows() =>
        Prop.ForAll<string?>(text => Quantity.TryParse(text, out var value) ? Quantity.Parse(value.ToString()) == value : true)
            .QuickCheckThrowOnFailure();
}

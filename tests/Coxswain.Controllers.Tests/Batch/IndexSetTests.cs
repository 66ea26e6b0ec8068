using Coxswain.Controllers.Batch;

namespace Coxswain.Controllers.Tests.Batch;

public sealed class IndexSetTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("0", "0", 1)]
    [InlineData("3,1,2", "1-3", 3)]
    [InlineData("0,1,4-6,5-9", "0,1,4-9", 8)]
    [InlineData("5,junk,7-", "5", 1)]
    [InlineData("8-12", "8,9", 2)]
    public void Parse_Text_IsWrittenAsKubernetesDoes(string text, string written, int count)
    {
        var set = IndexSet.Parse(text, 10);
        Assert.Equal((written, count), (set.ToString(), set.Count));
    }

    [Fact]
    public void Add_InAnyOrder_HoldsJustThose()
    {
        var random = new Random(7);
        var known = new HashSet<int>();
        var set = IndexSet.Parse("", int.MaxValue);
        for (var i = 0; i < 200; i++)
        {
            var index = random.Next(120);
            known.Add(index);
            set.Add(index);
        }

        Assert.Equal(known.Count, set.Count);
        Assert.All(Enumerable.Range(0, 130), index => Assert.Equal(known.Contains(index), set.Contains(index)));
        Assert.Equal(Enumerable.Range(0, 130).First(index => !known.Contains(index)), set.Next(0));
        Assert.Equal(set.ToString(), IndexSet.Parse(set.ToString(), 130).ToString());
    }

    [Fact]
    public void Parse_AllIndexesThereMayBe_TakesNoRoom()
    {
        var set = IndexSet.Parse("0-2147483645", int.MaxValue);
        Assert.Equal((2147483646, 2147483646), (set.Count, set.Next(0)));
    }
}

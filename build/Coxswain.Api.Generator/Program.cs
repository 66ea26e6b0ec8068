using Coxswain.Api.Generator;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: Coxswain.Api.Generator <folder of kubernetes-api> <output folder>");
    return 2;
}

var model = ApiModel.Load(args[0]);
model.Check();
Directory.CreateDirectory(args[1]);
var kinds = new List<KindFact>();
foreach (var file in model.Files)
{
    var path = Path.Combine(args[1], $"{file.Namespace}.g.cs");
    var writer = new FileWriter(model, file);
    File.WriteAllText(path, writer.Write());
    kinds.AddRange(writer.Kinds);
}

File.WriteAllText(Path.Combine(args[1], "KubeTypeReaders.g.cs"), KindsWriter.Write(kinds));

return 0;

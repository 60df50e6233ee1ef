using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace AgentMta.Bench;

/// <summary>Many short iterations in this process: a few seconds a benchmark, and the least disturbed one means something on a machine that is not alone.</summary>
internal sealed class BriefConfig : ManualConfig
{
    public BriefConfig()
    {
        AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(60)).WithWarmupCount(15).WithIterationCount(20));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumn(StatisticColumn.Min, StatisticColumn.Median);
        AddExporter(JsonExporter.FullCompressed);
    }
}

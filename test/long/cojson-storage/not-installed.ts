// What cojson's tests import and nothing here has installed: SQLite, whose place our storage takes, and a collector of
// metrics, which the tests of storages never begin.

/** Only a name: the tests know a database by its file. */
export default function Database(filename: string): { readonly filename: string } {
  return { filename };
}

export const AggregationTemporality = { CUMULATIVE: 1 };
export const InMemoryMetricExporter = Object;
export const MeterProvider = Object;
export const MetricReader = Object;

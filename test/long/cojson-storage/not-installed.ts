// Replaces imports of cojson's tests that are not installed here: SQLite, which our storage replaces, and a metrics
// collector, which the storage tests never start.

/** Only a name: the tests identify a database by its file. */
export default function Database(filename: string): { readonly filename: string } {
  return { filename };
}

export const AggregationTemporality = { CUMULATIVE: 1 };
export const InMemoryMetricExporter = Object;
export const MeterProvider = Object;
export const MetricReader = Object;

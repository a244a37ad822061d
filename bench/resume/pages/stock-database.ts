/** Differs from `maia-cojson-…`, because the kernel would migrate a database of that name. */
export function stockDatabaseName(accountID: string): string {
  return `stock-${accountID}`;
}

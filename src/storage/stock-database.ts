/** The cojson-storage-indexeddb database of one account. Part of the stored format; must never change. */
export function stockDatabaseName(accountID: string): string {
  return `maia-cojson-${accountID}`;
}

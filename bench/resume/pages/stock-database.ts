/** Not the name that ours would take it over by. */
export function stockDatabaseName(accountID: string): string {
  return `stock-${accountID}`;
}

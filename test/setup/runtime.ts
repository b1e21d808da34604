/** Whether the tests run in a page and not in Node. */
export const inPage = typeof document === "object";

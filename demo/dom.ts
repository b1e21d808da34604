// Typed access to the page's elements.

/** The element with this id. Errors: when the page has none, or one of another kind. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** Sets text only where it differs: what does not change is not announced or laid out again. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

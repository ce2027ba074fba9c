// The paper in the candidate's order, with responses, marks and the current item.
//
// Items and options are named by identifier; numbers are places on the screen only.

export class PaperModel {
  constructor(shown) {
    this.title = shown.paper.title;
    this.language = shown.paper.language;
    this.entries = inOrder(shown);
    this.responses = new Map(Object.entries(shown.responses));
    this.marked = new Set(shown.marked);
    const known = this.entries.findIndex((entry) => entry.item.id === shown.current);
    this.place = Math.max(0, known);
  }

  get current() {
    return this.entries[this.place];
  }

  answered(id) {
    return !isEmpty(this.responses.get(id));
  }

  counts() {
    const answered = this.entries.filter(({ item }) => this.answered(item.id)).length;
    const total = this.entries.length;
    return { total, answered, marked: this.marked.size, unanswered: total - answered };
  }

  // The types that the paper has, in its order: [["single_choice", 30], ...]
  types() {
    const counted = new Map();
    for (const { item } of this.entries) counted.set(item.type, (counted.get(item.type) ?? 0) + 1);
    return [...counted];
  }
}

// [{number, part, item, options}], options in the order of the grant.
function inOrder({ paper, order }) {
  const items = new Map();
  for (const part of paper.parts)
    for (const item of part.items) items.set(item.id, { part: part.title, item });
  return order.map(({ item: id, options: ids }, index) => {
    const { part, item } = items.get(id);
    const given = item.options ?? [];
    const options = ids.length
      ? ids.map((wanted) => given.find((option) => option.id === wanted))
      : given;
    return { number: index + 1, part, item, options };
  });
}

export function isEmpty(response) {
  switch (response?.type) {
    case "chosen":
      return response.options.length === 0;
    case "written":
      return response.text.trim() === "";
    case "filled":
      return !Object.values(response.blanks).some((text) => text.trim() !== "");
    default:
      return true;
  }
}

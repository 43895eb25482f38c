// The setup: how strong the password is, while it is typed. Without script the
// server says which it does not take.
const $ = (sel) => document.querySelector(sel);
const out = $("#strength"), input = $("#password");
if (out && input) {
  const judge = () => {
    const s = input.value, kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((k) => k.test(s)).length;
    const length = [...s].length, varied = new Set(s.toLowerCase()).size;
    if (!s) return "";
    if (length < +out.dataset.min) return "s0";
    const points = length + 2 * kinds + (varied > 7 ? 3 : varied < 5 ? -6 : 0);
    return points < 16 ? "s1" : points < 22 ? "s2" : "s3";
  };
  input.addEventListener("input", () => {
    const s = judge();
    out.textContent = s ? out.dataset[s] : "";
    out.className = "strength " + s;
  });
}

// The little JSON that requests and answers need.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "unicode/unistr.h"

namespace intl {

// A value of a request. `raw` is its text, by which what was made of it is found again.
struct Value {
    enum Kind { Null, Bool, Number, String, Array } kind = Null;
    bool truth = false;
    double number = 0;
    icu::UnicodeString text;
    std::vector<Value> items;
    std::string_view raw;

    bool is_null() const { return kind == Null; }
    int integer() const { return static_cast<int>(number); }
    // ASCII; anything else becomes a character that no identifier has.
    std::string ascii() const;
    const Value& at(size_t index) const;
};

// Gives Null for a text that is no JSON; nesting is limited.
Value parse(std::string_view text);

// Writes an answer.
class Writer {
  public:
    std::string out;
    void text(const icu::UnicodeString& text) { units(text.getBuffer(), text.length()); }
    void units(const char16_t* units, int32_t length);
    void ascii(std::string_view text);
    void number(long long number) { out += std::to_string(number); }
    void raw(std::string_view text) { out += text; }
};

}  // namespace intl

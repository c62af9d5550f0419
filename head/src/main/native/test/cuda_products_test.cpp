// What is asked of cuBLASLt for a product, by a table of functions that writes down what it is asked.
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "check.h"
#include "cuda/products.h"
#include "scratch.h"

namespace {

using namespace headroom::cuda;

// A descriptor of any sort: how it was made, and the attributes set.
struct Object {
  char sort;  // h handle, d description, l layout, p preference
  std::int64_t a, b, c, d;
  std::map<int, std::uint64_t> attributes;
};

struct Record {
  std::set<Object*> alive;
  int heuristics = 0, checks = 0, products = 0, made = 0;
  Object description, a, b, c, d, preference;  // of the last heuristic or product
  std::int64_t algorithm_m = 0, algorithm_n = 0;
  const void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
  Stream stream = nullptr;
  bool check_passes = true, c_is_d = false;
  std::size_t wants = 0;   // workspace of the algorithms found
  int found = 2;
  Status heuristic_status = 0, product_status = 0;
};
Record now;

Object& object(void* pointer, char sort) {
  auto* o = static_cast<Object*>(pointer);
  const bool alive = now.alive.count(o) == 1;
  CHECK(alive && o->sort == sort, "a %c that is alive", sort);
  static Object none{};
  return alive ? *o : none;
}

Status make(void** to, char sort, std::int64_t a = 0, std::int64_t b = 0, std::int64_t c = 0, std::int64_t d = 0) {
  auto* o = new Object{sort, a, b, c, d, {}};
  now.alive.insert(o), ++now.made;
  *to = o;
  return 0;
}

template <char sort>
Status destroy(void* pointer) {
  object(pointer, sort);
  now.alive.erase(static_cast<Object*>(pointer));
  delete static_cast<Object*>(pointer);
  return 0;
}

template <char sort>
Status set_attribute(void* pointer, int attribute, const void* value, std::size_t bytes) {
  std::uint64_t number = 0;
  const std::size_t expected = sort == 'p' && attribute == kMostWorkspace ? 8 : 4;
  CHECK(bytes == expected, "attribute %d of %c: %zu bytes", attribute, sort, bytes);
  std::memcpy(&number, value, bytes);
  object(pointer, sort).attributes[attribute] = number;
  return 0;
}

void note(void* description, void* a, void* b, void* c, void* d) {
  now.description = object(description, 'd');
  now.a = object(a, 'l'), now.b = object(b, 'l'), now.c = object(c, 'l'), now.d = object(d, 'l');
  for (const Object* layout : {&now.a, &now.b, &now.c}) CHECK(layout->d >= layout->b, "stride %ld of %ld rows", static_cast<long>(layout->d), static_cast<long>(layout->b));
}

CublasLt fake() {
  CublasLt lt{};
  lt.GetVersion = [] { return std::size_t{120800}; };
  lt.Create = [](LtHandle* handle) { return make(handle, 'h'); };
  lt.Destroy = destroy<'h'>;
  lt.MatmulDescCreate = [](LtDescription* to, int compute, int scale) { return make(to, 'd', compute, scale); };
  lt.MatmulDescDestroy = destroy<'d'>;
  lt.MatmulDescSetAttribute = set_attribute<'d'>;
  lt.MatrixLayoutCreate = [](LtLayout* to, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t ld) {
    return make(to, 'l', type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), ld);
  };
  lt.MatrixLayoutDestroy = destroy<'l'>;
  lt.MatmulPreferenceCreate = [](LtPreference* to) { return make(to, 'p'); };
  lt.MatmulPreferenceDestroy = destroy<'p'>;
  lt.MatmulPreferenceSetAttribute = set_attribute<'p'>;
  lt.MatmulAlgoGetHeuristic = [](LtHandle handle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d, LtPreference preference,
                                 int wanted, LtHeuristic* results, int* found) {
    object(handle, 'h');
    note(description, a, b, c, d);
    now.preference = object(preference, 'p');
    ++now.heuristics;
    *found = std::min(wanted, now.found);
    for (int i = 0; i < *found; ++i) {
      results[i] = {};
      results[i].state = i == 0 && now.found > 1 ? kLtNotSupported : 0;  // the first cannot be used, where there are more
      results[i].workspace_bytes = now.wants;
      results[i].algorithm.data[0] = static_cast<std::uint64_t>(now.c.b), results[i].algorithm.data[1] = static_cast<std::uint64_t>(now.c.c);
      results[i].algorithm.data[2] = static_cast<std::uint64_t>(results[i].state);
    }
    return now.heuristic_status;
  };
  lt.MatmulAlgoCheck = [](LtHandle, LtDescription description, LtLayout a, LtLayout b, LtLayout c, LtLayout d, const LtAlgorithm*, LtHeuristic* result) {
    note(description, a, b, c, d);
    ++now.checks;
    result->workspace_bytes = now.wants;
    return now.check_passes ? 0 : kLtNotSupported;
  };
  lt.Matmul = [](LtHandle handle, LtDescription description, const void* alpha, const void*, LtLayout a, const void*, LtLayout b, const void* beta, const void* c,
                 LtLayout c_layout, void* d, LtLayout d_layout, const LtAlgorithm* algorithm, void* workspace, std::size_t bytes, Stream stream) {
    object(handle, 'h');
    note(description, a, b, c_layout, d_layout);
    CHECK(algorithm->data[2] == 0, "an algorithm that can be used");
    CHECK(*static_cast<const float*>(alpha) == 1 && *static_cast<const float*>(beta) == 0.5f, "alpha and beta");
    ++now.products;
    now.algorithm_m = static_cast<std::int64_t>(algorithm->data[0]), now.algorithm_n = static_cast<std::int64_t>(algorithm->data[1]);
    now.workspace = workspace, now.workspace_bytes = bytes, now.stream = stream, now.c_is_d = c == d;
    return now.product_status;
  };
  return lt;
}

// Addresses that nobody follows.
const void* at(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }
constexpr std::uintptr_t kSpace = 0x70000000;

Product product(std::int64_t m, std::int64_t n, std::int64_t usual_m = 0, std::int64_t usual_n = 0) {
  Product p{};
  p.transpose_a = true, p.m = m, p.n = n, p.k = 64;
  p.a = at(0x10000000), p.lda = 64, p.b = at(0x20000000), p.ldb = 64, p.c = reinterpret_cast<float*>(0x30000000), p.ldc = 128, p.beta = 0.5f;
  p.usual_m = usual_m, p.usual_n = usual_n;
  return p;
}

void multiply(Products& products, const Product& p, int type = kBrain16, std::uintptr_t space = kSpace, std::int64_t bytes = 1 << 20) {
  products.multiply(p, type, kCompute32, reinterpret_cast<void*>(space), bytes, reinterpret_cast<Stream>(0x5));
}

std::uint64_t preferred(int attribute) { return now.preference.attributes.at(attribute); }

void describes_the_product() {
  now = {};
  Products products(fake());
  multiply(products, product(100, 30));
  CHECK(now.description.a == kCompute32 && now.description.b == kReal32, "compute %ld", static_cast<long>(now.description.a));
  CHECK(now.description.attributes.at(kTransposeA) == kTransposed && now.description.attributes.at(kTransposeB) == kAsIs, "transposes");
  const auto is = [](const Object& l, std::int64_t type, std::int64_t rows, std::int64_t columns, std::int64_t ld) { return l.a == type && l.b == rows && l.c == columns && l.d == ld; };
  CHECK(is(now.a, kBrain16, 64, 100, 64) && is(now.b, kBrain16, 64, 30, 64) && is(now.c, kReal32, 100, 30, 128) && is(now.d, kReal32, 100, 30, 128), "layouts");
  CHECK(preferred(kReductionSchemes) == kSplitOutOfPlace && preferred(kMostWorkspace) == 1 << 20, "preferences");
  CHECK(now.stream == reinterpret_cast<Stream>(0x5) && now.c_is_d && now.workspace == at(kSpace) && now.workspace_bytes == 1 << 20, "call");

  Product p = product(100, 30);
  p.transpose_a = false, p.transpose_b = true, p.lda = 112, p.ldb = 40;
  multiply(products, p, kReal32);
  CHECK(is(now.a, kReal32, 100, 64, 112) && is(now.b, kReal32, 30, 64, 40), "layouts the other way");
  const int before = now.products;
  multiply(products, product(0, 30)), multiply(products, product(30, 0));
  CHECK(now.products == before, "nothing to do");
}

void prepares_each_kind_once() {
  now = {};
  {
    Products products(fake());
    for (int i = 0; i < 3; ++i) multiply(products, product(100, 30));
    CHECK(now.heuristics == 1 && now.products == 3, "%d heuristics", now.heuristics);
    Product p = product(100, 30);
    p.ldc = 132;
    multiply(products, p);
    multiply(products, product(100, 31));
    multiply(products, product(100, 30), kReal16);
    multiply(products, product(100, 30), kBrain16, kSpace, 1 << 19);
    CHECK(now.heuristics == 5, "%d heuristics", now.heuristics);
    CHECK(now.alive.size() == 1 + 5 * 4, "%zu descriptors: no preference outlives its use", now.alive.size());
    for (int n = 1; n < 5000; ++n) multiply(products, product(100, n));
    CHECK(now.alive.size() <= 1 + 4096 * 4, "%zu descriptors: there is an end", now.alive.size());
  }
  CHECK(now.alive.empty(), "%zu are left", now.alive.size());
}

void tells_the_real_alignment() {
  now = {};
  Products products(fake());
  const auto alignment = [&](std::uintptr_t a, std::uintptr_t b, std::uintptr_t c) {
    Product p = product(100, 30);
    p.a = at(0x10000000 + a), p.b = at(0x20000000 + b), p.c = reinterpret_cast<float*>(0x30000000 + c);
    multiply(products, p);
    CHECK(preferred(kAlignmentOfA + 2) == preferred(kAlignmentOfA + 3), "C is D");
    return std::vector<std::uint64_t>{preferred(kAlignmentOfA), preferred(kAlignmentOfA + 1), preferred(kAlignmentOfA + 2)};
  };
  CHECK((alignment(0, 0, 0) == std::vector<std::uint64_t>{16, 16, 16}), "aligned");
  CHECK((alignment(2, 8, 4) == std::vector<std::uint64_t>{2, 8, 4}), "not aligned");
  CHECK((alignment(6, 24, 12) == std::vector<std::uint64_t>{2, 8, 4}), "likewise");
  CHECK(now.heuristics == 2, "%d kinds", now.heuristics);
}

void stays_within_the_workspace() {
  now = {};
  Products products(fake());
  multiply(products, product(100, 30), kBrain16, kSpace + 16, 1024);
  CHECK(now.workspace == at(kSpace + 256) && now.workspace_bytes == 1024 - 240 && preferred(kMostWorkspace) == 1024 - 240, "%zu bytes", now.workspace_bytes);
  multiply(products, product(100, 30), kBrain16, kSpace + 16, 240);
  CHECK(now.workspace == nullptr && now.workspace_bytes == 0 && preferred(kMostWorkspace) == 0, "too little");
  multiply(products, product(100, 30), kBrain16, 0, 0);
  CHECK(now.workspace == nullptr && now.workspace_bytes == 0, "none");
  now.wants = 4096;
  CHECK(thrown([&] { multiply(products, product(101, 30), kBrain16, kSpace, 4095); }).first == HEADROOM_UNSUPPORTED, "an algorithm that wants more is not taken");
  multiply(products, product(101, 30), kBrain16, kSpace, 4096);
  CHECK(now.workspace_bytes == 4096, "%zu bytes", now.workspace_bytes);
}

// One choice for all sizes, strides and addresses of one alignment.
void keeps_the_usual_algorithm() {
  now = {};
  Products products(fake());
  multiply(products, product(100, 30, 256, 128));
  CHECK(now.heuristics == 1 && now.checks == 1 && preferred(kReductionSchemes) == kNoSplit, "%d heuristics", now.heuristics);
  CHECK(now.algorithm_m == 256 && now.algorithm_n == 128, "[%ld,%ld]", static_cast<long>(now.algorithm_m), static_cast<long>(now.algorithm_n));
  CHECK(now.c.b == 100 && now.c.c == 30 && now.c.d == 128, "the product's own sizes");
  Product p = product(7, 128, 256, 128);
  p.ldc = 512, p.lda = 72, p.a = at(0x10000400);
  multiply(products, p);
  CHECK(now.heuristics == 1 && now.checks == 2 && now.algorithm_m == 256, "other sizes and strides: %d heuristics", now.heuristics);
  p.lda = 65;
  multiply(products, p);
  CHECK(now.heuristics == 2, "another alignment: %d heuristics", now.heuristics);
  multiply(products, product(100, 30, 0, 128));
  CHECK(now.heuristics == 3 && now.algorithm_m == 100 && now.algorithm_n == 128, "the usual n alone");

  now.check_passes = false;
  multiply(products, product(5, 30, 256, 128));
  CHECK(now.algorithm_m == 5 && now.algorithm_n == 30 && preferred(kReductionSchemes) == kNoSplit, "its own where the usual one does not serve");
}

void tells_what_cannot_be_served() {
  now = {};
  Products products(fake());
  now.found = 0;
  const auto none = thrown([&] { multiply(products, product(100, 30)); });
  for (const char* part : {"matrix product of bfloat16: [100,64] [64,30], strides 64, 64, 128, aligned to 16, 16, 16 bytes, workspace of 1048576 bytes (expected: ", "cuBLASLt 120800"})
    CHECK(none.first == HEADROOM_UNSUPPORTED && has(none.second, part), "%s", none.second.c_str());
  now.found = 1, now.heuristic_status = kLtNotSupported;
  CHECK(thrown([&] { multiply(products, product(100, 30)); }).first == HEADROOM_UNSUPPORTED, "not supported");
  now.heuristic_status = 7;
  CHECK(has(thrown([&] { multiply(products, product(100, 30)); }).second, "cublasLtMatmulAlgoGetHeuristic: CUBLAS_STATUS_INVALID_VALUE"), "invalid");
  now.heuristic_status = 0;
  multiply(products, product(100, 30));
  now.product_status = 13;
  const auto failed = thrown([&] { multiply(products, product(100, 30)); });
  CHECK(failed.first == HEADROOM_INTERNAL && has(failed.second, "cublasLtMatmul: "), "%s", failed.second.c_str());

  CublasLt lt = fake();
  lt.Create = [](LtHandle*) { return 3; };
  CHECK(thrown([&] { Products none_at_all(lt); }).first == HEADROOM_OUT_OF_MEMORY, "no handle");
}

void leaves_nothing_behind_when_a_call_fails() {
  now = {};
  {
    CublasLt lt = fake();
    lt.MatmulPreferenceSetAttribute = [](LtPreference, int, const void*, std::size_t) { return 7; };
    Products products(lt);
    CHECK(thrown([&] { multiply(products, product(100, 30)); }).first == HEADROOM_INTERNAL, "no preference");
    CHECK(now.alive.size() == 1, "%zu are left", now.alive.size());
    static int layouts = 0;
    lt.MatrixLayoutCreate = [](LtLayout* to, int, std::uint64_t, std::uint64_t, std::int64_t) { return ++layouts == 3 ? 3 : make(to, 'l'); };
    Products others(lt);
    CHECK(thrown([&] { multiply(others, product(100, 30)); }).first == HEADROOM_OUT_OF_MEMORY, "the third layout");
    CHECK(now.alive.size() == 2, "%zu are left", now.alive.size());
  }
  CHECK(now.alive.empty(), "%zu are left", now.alive.size());
}

void serves_several_threads() {
  now = {};
  Products products(fake());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) multiply(products, product(100, 1 + j % 5, 256, 128));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(now.heuristics == 1 && now.checks == 5 && now.products == 800, "%d heuristics, %d checks, %d products", now.heuristics, now.checks, now.products);
}

}  // namespace

int main() {
  describes_the_product();
  prepares_each_kind_once();
  tells_the_real_alignment();
  stays_within_the_workspace();
  keeps_the_usual_algorithm();
  tells_what_cannot_be_served();
  leaves_nothing_behind_when_a_call_fails();
  serves_several_threads();
  CHECK(now.alive.empty(), "%zu are left", now.alive.size());
  return failures() == 0 ? 0 : 1;
}

// Losses as XLA calls them: its buffers go to the kernels of src/fastloss/__init__.pxd, without Python.
//
// A compiled function may outlive its process in JAX's cache on disk. So it knows a loss by a text, never by an address;
// `fastloss_enter` says which kernel the text stands for, whenever Python traces the function.

#include <cfenv>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <unordered_map>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

struct Loss {
  const void* kernel;  // of an element-wise loss; null: of rows of classes
  void* run[2];        // in float and in double: pointwise_f32, pointwise_f64, or the like
};

std::mutex lock;
std::unordered_map<std::string, Loss> losses;

template <typename Real>
using OfPoints = int (*)(const void*, std::intptr_t, const Real*, const Real*, double, double*, Real*, Real*);
template <typename Real>
using OfRows = int (*)(std::intptr_t, std::intptr_t, const std::int64_t*, const Real*, double, double*, Real*, Real*);

constexpr int kBadTarget = -1;

// XLA has numbers below the smallest normal one flushed to 0 in its threads; the kernels count on them.
class OrdinaryFloats {
 public:
  OrdinaryFloats() {
    std::fegetenv(&found_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~OrdinaryFloats() { std::fesetenv(&found_); }

 private:
  std::fenv_t found_;
};

ffi::Error failed(int status, const std::string& what) {
  if (status == kBadTarget) return ffi::Error::InvalidArgument(what);
  return ffi::Error(ffi::ErrorCode::kResourceExhausted, "no memory for a loss");
}

template <typename Function, typename Real>
Function run_of(const Loss& loss) {
  return reinterpret_cast<Function>(loss.run[sizeof(Real) == sizeof(double)]);
}

template <typename Real>
ffi::Error points(const Loss& loss, const std::string& name, std::int64_t n, double denominator, const Real* y_true,
                  const Real* y_pred, double* total, Real* gradient) {
  const auto run = run_of<OfPoints<Real>, Real>(loss);
  const int status = run(loss.kernel, n, y_true, y_pred, denominator, total, gradient, nullptr);
  if (status == 0) return ffi::Error::Success();
  for (std::int64_t i = 0; status == kBadTarget && i < n; ++i) {  // which it is
    if (run(loss.kernel, 1, y_true + i, y_pred + i, 1, total, nullptr, nullptr) == kBadTarget) {
      return failed(status, name + ": y_true = " + std::to_string(y_true[i]) + " or y_pred = " +
                                std::to_string(y_pred[i]) + ", at place " + std::to_string(i) +
                                " in the order of memory, is outside of its domain");
    }
  }
  return failed(status, name);
}

template <typename Real>
ffi::Error rows(const Loss& loss, const std::string& name, std::int64_t n, std::int64_t classes, double denominator,
                const std::int64_t* y_true, const Real* logits, double* total, Real* gradient) {
  const auto run = run_of<OfRows<Real>, Real>(loss);
  const int status = run(n, classes, y_true, logits, denominator, total, gradient, nullptr);
  if (status == 0) return ffi::Error::Success();
  for (std::int64_t i = 0; status == kBadTarget && i < n; ++i) {
    if (y_true[i] < 0 || y_true[i] >= classes) {
      return failed(status, name + ": y_true[" + std::to_string(i) + "] = " + std::to_string(y_true[i]) +
                                " is not a class of " + std::to_string(classes));
    }
  }
  return failed(status, name);
}

// The losses of `batches` calls, which lie one behind the other: more than one where `vmap` makes one call of many.
template <typename Real>
ffi::Error call(const Loss& loss, const std::string& name, bool mean, ffi::AnyBuffer y_true, ffi::AnyBuffer y_pred, Real* values,
                std::int64_t batches, Real* gradient) {
  const auto shape = y_pred.dimensions();
  const std::int64_t classes = loss.kernel ? 1 : shape[shape.size() - 1];
  const std::int64_t size = batches ? static_cast<std::int64_t>(y_pred.element_count()) / batches : 0;
  const std::int64_t n = classes ? size / classes : 0;
  const auto* predictions = y_pred.typed_data<Real>();
  std::unique_ptr<std::int64_t[]> wide;
  if (!loss.kernel && y_true.element_type() == ffi::DataType::S32) {
    wide.reset(new (std::nothrow) std::int64_t[n]);
    if (!wide && n) return failed(0, name);
  }
  for (std::int64_t b = 0; b < batches; ++b) {
    double total = 0;
    if (size) {
      const double denominator = mean ? static_cast<double>(n) : 1;
      Real* own = gradient ? gradient + b * size : nullptr;
      ffi::Error error = ffi::Error::Success();
      if (loss.kernel) {
        error = points<Real>(loss, name, n, denominator, y_true.typed_data<Real>() + b * n, predictions + b * size,
                             &total, own);
      } else {
        const std::int64_t* labels = wide.get();
        if (wide) {
          const auto* given = y_true.typed_data<std::int32_t>() + b * n;
          for (std::int64_t i = 0; i < n; ++i) wide[i] = given[i];
        } else {
          labels = y_true.typed_data<std::int64_t>() + b * n;
        }
        error = rows<Real>(loss, name, n, classes, denominator, labels, predictions + b * size, &total, own);
      }
      if (error.failure()) return error;
      if (mean) total /= static_cast<double>(n);
    }
    values[b] = static_cast<Real>(total);
  }
  return ffi::Error::Success();
}

ffi::Error run(ffi::AnyBuffer y_true, ffi::AnyBuffer y_pred, ffi::RemainingRets results, std::string_view name,
               bool mean) {
  const OrdinaryFloats here;
  Loss loss;
  {
    const std::lock_guard<std::mutex> held(lock);
    const auto found = losses.find(std::string(name));
    if (found == losses.end()) return ffi::Error::Internal("fastloss has not entered " + std::string(name));
    loss = found->second;
  }
  auto value = *results.get<ffi::AnyBuffer>(0);
  const auto batches = static_cast<std::int64_t>(value->element_count());
  void* gradient = results.size() > 1 ? (*results.get<ffi::AnyBuffer>(1))->untyped_data() : nullptr;
  if (y_pred.element_type() == ffi::DataType::F64) {
    return call<double>(loss, std::string(name), mean, y_true, y_pred, value->typed_data<double>(), batches,
                        static_cast<double*>(gradient));
  }
  return call<float>(loss, std::string(name), mean, y_true, y_pred, value->typed_data<float>(), batches,
                     static_cast<float*>(gradient));
}

}  // namespace

extern "C" void fastloss_enter(const char* name, const void* kernel, void* run_float, void* run_double) {
  const std::lock_guard<std::mutex> held(lock);
  losses[name] = Loss{kernel, {run_float, run_double}};
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(fastloss_run, run,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .RemainingRets()
                                  .Attr<std::string_view>("name")
                                  .Attr<bool>("mean"));

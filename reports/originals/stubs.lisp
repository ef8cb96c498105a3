;; What the originals use of cl-async, Wookie and the rest, as empty shells: enough for SBCL to read and compile the
;; sources without those libraries, which Debian does not have.
;;
;; usage: sbcl --script stubs.lisp FOLDER FILE...        FOLDER: for what the compiler writes; status 1 after a warning

(defpackage :ql (:use :cl) (:export #:quickload))
(defmacro ql:quickload (&rest ignored) (declare (ignore ignored)) nil)

(defmacro define-shells (package functions conditions)
  `(progn
     ,@(loop for name in functions
             collect `(defun ,(intern (string name) package) (&rest ignored) (declare (ignore ignored)) nil))
     ,@(loop for name in conditions
             collect `(define-condition ,(intern (string name) package) (error) ()))))

(eval-when (:compile-toplevel :load-toplevel :execute)
  (defparameter *functions*
    '(:tcp-server :pipe-server :pipe-connect :close-tcp-server :write-socket-data :close-socket :socket-closed-p
      :socket-data :tcp-socket :delay :add-event :remove-event :free-event :event-freed-p :signal-handler
      :exit-event-loop))
  (defparameter *conditions* '(:socket-eof :socket-address-in-use))
  (defparameter *http-functions* '(:make-parser :make-http-request :http-method :http-resource))
  (defparameter *wookie-functions*
    '(:send-response :start-response :finish-response :get-socket :request-resource :add-hook :start-server))
  (flet ((package (name exports &optional nicknames)
           (let ((package (make-package name :use '(:cl) :nicknames nicknames)))
             (dolist (export exports) (export (intern (string export) package) package)))))
    (package :cl-async `(,@*functions* ,@*conditions* :with-event-loop :with-delay :+sigint+ :+sigterm+) '(:as))
    (package :cl-async-ssl '(:tcp-ssl-server) '(:as-ssl))
    (package :babel '(:octets-to-string :string-to-octets))
    (package :fast-http `(,@*http-functions* :fast-http-error))
    (package :blackbird '(:with-promise))
    (package :wookie `(,@*wookie-functions* :defroute :listener))))

(macrolet ((shells ()
             `(progn (define-shells :cl-async ,*functions* ,*conditions*)
                     (define-shells :cl-async-ssl (:tcp-ssl-server) ())
                     (define-shells :babel (:octets-to-string :string-to-octets) ())
                     (define-shells :fast-http ,*http-functions* (:fast-http-error))
                     (define-shells :wookie ,*wookie-functions* ()))))
  (shells))
(defun (setf as:socket-data) (value socket) (declare (ignore socket)) value)
(defconstant as:+sigint+ 2)
(defconstant as:+sigterm+ 15)
(defmacro as:with-event-loop (options &body body) (declare (ignore options)) `(funcall (lambda () ,@body)))
(defmacro as:with-delay ((seconds) &body body) `(as:delay (lambda () ,@body) :time ,seconds))
(defmacro blackbird:with-promise ((resolve reject) &body body)
  `(flet ((,resolve (&rest values) values) (,reject (&rest values) values)) ,@body))
(defclass wookie:listener () ())
(defmacro wookie:defroute (resource arguments &body body)
  (declare (ignore resource))
  `(wookie::add-route (lambda ,arguments ,@body)))
(defun wookie::add-route (route) route)

(let ((status 0)
      (folder (second sb-ext:*posix-argv*)))
  (dolist (file (cddr sb-ext:*posix-argv*))
    (multiple-value-bind (output warned failed)
        (let ((*package* (find-package :cl-user)))
          (compile-file file :output-file (format nil "~a/out.fasl" folder)))
      (when (or warned failed (null output))
        (format t "~a: does not compile without a warning~%" file)
        (setf status 1))))
  (sb-ext:exit :code status))
